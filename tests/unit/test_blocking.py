"""A resolver that holds up the event loop is named, with DEBUG and once."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import strawberry

from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter, blocking
from tests.support import ask, in_database
from tests.support_websocket import connect


def compute() -> None:
    """Take long."""
    time.sleep(2.5 * blocking.LIMIT)


@strawberry.type
class Query:
    @strawberry.field
    def plain(self) -> int:
        compute()
        return 1

    @strawberry.field
    async def coroutine(self) -> int:
        compute()
        return 1

    @strawberry.field
    async def patient(self) -> int:
        await in_database(compute)
        return 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def generator(self) -> AsyncGenerator[int, None]:
        yield 0
        compute()
        yield 1


schema = strawberry.Schema(query=Query, subscription=Subscription)


@pytest.fixture
def application(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.DEBUG = True
    monkeypatch.setattr(blocking, "_named", set())
    return AuthGraphQLProtocolTypeRouter(schema)


def named(caplog: pytest.LogCaptureFixture) -> list[str]:
    return re.findall(r"The resolver of (\S+) has held up", caplog.text)


async def test_the_field_is_named_once(application: Any, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        await ask(application, "{ patient plain coroutine }")
    assert named(caplog) == ["Query.plain", "Query.coroutine"]


async def test_a_subscription_is_named(application: Any, caplog: pytest.LogCaptureFixture) -> None:
    async with connect(application) as socket:
        await socket.subscribe("1", "subscription { generator }")
        for _ in range(2):
            await socket.receive()
    assert named(caplog) == ["Subscription.generator"]


async def test_without_debug_nothing_is_watched(
    application: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = False
    await ask(application, "{ plain }")
    assert named(caplog) == []
