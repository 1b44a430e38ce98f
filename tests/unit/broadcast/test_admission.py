"""Who may stay is asked again: what fails or hangs then, and who leaves meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from graphql import GraphQLError
from strawberry.types.execution import ExecutionResult

from strawberry_django.realtime.broadcast import admission
from strawberry_django.realtime.broadcast.run import Run
from strawberry_django.realtime.conf import OperationRequest
from tests.unit.broadcast.test_run import Told, forget, operation

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
    monkeypatch.setattr(admission, "_ANSWERED_WITHIN", 0.1)
    consumer = operation().consumer
    errors = await admission.admit_again(consumer, REQUEST, Told(), execute)
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

    await admission.admit_again(shared.consumer, REQUEST, told, execute)
    assert told.run is None
