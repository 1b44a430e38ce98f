"""What the probed site offers: the documented resolver, and fields that suit both routers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

import strawberry
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db.backends.signals import connection_created
from strawberry.types import Info
from strawberry_django.auth.utils import get_current_user
from strawberry_django.optimizer import DjangoOptimizerExtension
from strawberry_django.permissions import IsAuthenticated

import strawberry_django

queries: list[str] = []


def _record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    queries.append(sql)
    return execute(sql, params, many, context)


def _record_all(connection: Any, **_: Any) -> None:
    if _record not in connection.execute_wrappers:
        connection.execute_wrappers.append(_record)


connection_created.connect(_record_all, weak=False)


def consumer_of(info: Info[Any, Any]) -> Any:
    """Return the Channels consumer; the stock router gives it in place of the request."""
    request = info.context["request"]
    return getattr(request, "consumer", request)


def _secret() -> str:
    return "for users only"


def _wait(seconds: float) -> str:
    """Wait as for a slow query: in a thread, where the ORM runs."""
    time.sleep(seconds)
    return "waited"


@strawberry_django.type(User)
class Member:
    username: str


@strawberry_django.type(LogEntry)
class Entry:
    user: Member


@strawberry.type
class Query:
    entries: list[Entry] = strawberry_django.field()

    @strawberry.field
    def me(self, info: Info[Any, Any]) -> str:
        user = info.context.request.user
        if user.is_authenticated:
            return f"Hello, {user.username}!"
        return "Hello, anonymous!"

    @strawberry.field
    def whoami(self, info: Info[Any, Any]) -> str:
        return get_current_user(info).get_username() or "nobody"

    secret: str = strawberry_django.field(resolver=_secret, extensions=[IsAuthenticated()])

    @strawberry.field
    def ping(self) -> str:
        return "pong"

    wait: str = strawberry_django.field(resolver=_wait)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def entries(self) -> AsyncGenerator[list[Entry], None]:
        yield [entry async for entry in LogEntry.objects.all()]

    @strawberry.subscription
    async def count(self, to: int = 3) -> AsyncGenerator[int, None]:
        for number in range(1, to + 1):
            yield number

    @strawberry.subscription
    async def listen(self, info: Info[Any, Any]) -> AsyncGenerator[str, None]:
        consumer = consumer_of(info)
        async with consumer.listen_to_channel("probed.event", groups=["probed"]) as messages:
            yield "listening"
            async for message in messages:
                yield message["text"]

    @strawberry.subscription
    async def tick(self, every: float = 0.05) -> AsyncGenerator[int, None]:
        number = 0
        try:
            while True:
                number += 1
                yield number
                await asyncio.sleep(every)
        finally:
            print("the generator has tidied up", flush=True)


schema = strawberry.Schema(
    query=Query, subscription=Subscription, extensions=[DjangoOptimizerExtension]
)
