"""Who may stay is asked again: what fails or hangs then, and who leaves meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.types.execution import ExecutionResult

from strawberry_django.realtime import GraphQLWSConsumer, Topic, shared_subscription
from strawberry_django.realtime.broadcast import admission, recheck
from strawberry_django.realtime.broadcast.run import Run, Runs, SharedOperation
from strawberry_django.realtime.conf import OperationRequest
from strawberry_django.realtime.pubsub.feeds import Feeds
from tests.support import until
from tests.unit.broadcast.test_run import Query, Told, forget, operation

REQUEST = OperationRequest("subscription { count }", None, None, None)


async def refused() -> AsyncGenerator[ExecutionResult, None]:
    yield ExecutionResult(data=None, errors=[GraphQLError("no")])


async def answers(what: Callable[[], Any]) -> Any:
    return what()


async def never() -> Any:
    await asyncio.Event().wait()


async def fails() -> Any:
    raise ValueError("secret")


async def is_refused() -> Any:
    raise GraphQLError("not now")


async def cancelled() -> Any:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


@pytest.mark.parametrize(
    ("execute", "expected"),
    [
        (lambda: answers(refused), "no"),
        (fails, "Internal server error"),
        (never, "Internal server error"),
        (cancelled, "Internal server error"),
        (is_refused, "not now"),
    ],
)
async def test_who_cannot_be_told_may_not_stay(
    execute: Any, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recheck, "_ANSWERED_WITHIN", 0.1)
    consumer = operation().consumer
    errors = await recheck.admit_again(consumer, REQUEST, Told(), execute)
    assert [error.message for error in errors] == [expected]


async def test_who_leaves_while_it_is_asked_again_does_not_come_back() -> None:
    shared = operation()
    told = Told()
    Run(shared, forget).add(told)

    async def execute() -> AsyncGenerator[ExecutionResult, None]:
        told.leave()
        again = admission.current_admission()
        assert again is not None
        info: Any = None
        again.join(info, None, asks_again=True)
        return refused()

    await recheck.admit_again(shared.consumer, REQUEST, told, execute)
    assert told.run is None


texts = Topic("tests.admission", str)
may_listen = asyncio.Event()


@strawberry.type
class Subscription:
    @shared_subscription
    async def count(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
        audience = info.context.audience
        if audience == "new":
            await may_listen.wait()
        if audience == "broken":
            raise GraphQLError("not for you")
        async with texts.subscribe() as events:
            async for event in events:
                yield f"{event} for {audience}"


schema = strawberry.Schema(Query, subscription=Subscription)


async def moves(told: Told, audience: str) -> list[GraphQLError]:
    """Ask a member again, who is now of another audience."""
    consumer = GraphQLWSConsumer(schema)
    info: Any = SimpleNamespace(field_name="count", query=REQUEST.query)

    async def ask() -> AsyncGenerator[ExecutionResult, None]:
        again = admission.current_admission()
        assert again is not None
        again.join(info, audience, asks_again=True)
        await again.move()
        if again.is_joined:
            return
        yield ExecutionResult(data=None, errors=None)

    return await recheck.admit_again(consumer, REQUEST, told, lambda: answers(ask))


async def test_who_moves_to_another_audience_misses_nothing(channel_layer: Any) -> None:
    may_listen.clear()
    told = Told()
    consumer = GraphQLWSConsumer(schema)
    old = SharedOperation(consumer, "count", REQUEST.query or "", None, None, "old")
    Runs.current().of(old).add(told)
    await until(lambda: Feeds.current()._feeds)
    moving = asyncio.create_task(moves(told, "new"))
    await until(lambda: len(Runs.current()._runs) == 2)
    await texts.publish("1")
    await until(lambda: told.texts)
    may_listen.set()
    assert await moving == []
    await texts.publish("2")
    await until(lambda: len(told.texts) == 2)
    assert told.texts == [f'{{"data":{{"count":"{t}"}}}}' for t in ("1 for old", "2 for new")]
    await moves(told, "broken")
    assert told.run is None
    assert [error.message for error in told.errors or ()] == ["not for you"]
    await until(lambda: not Runs.current()._runs)
