"""A mutation in a transaction that it loses, or that cannot begin or be judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import strawberry
from django.contrib.auth.models import User
from django.db import connections
from strawberry.types.graphql import OperationType

from strawberry_django.realtime import GraphQLHTTPConsumer, threads
from strawberry_django.realtime.conf import OperationRequest
from strawberry_django.realtime.pool import ThreadPool
from strawberry_django.realtime.threads import OperationThread
from strawberry_django.realtime.transactions import execute
from tests.support import until

pytestmark = pytest.mark.django_db(transaction=True)


@strawberry.type
class Query:
    one: int = 1


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def write(self) -> bool | None:
        await User.objects.acreate(username="ada")
        return True

    @strawberry.mutation
    async def lose(self, info: strawberry.Info) -> bool:
        """Write, wait until the transaction is over, and go on in spite of that."""
        await User.objects.acreate(username="grace")
        await until(lambda: threads.pool.usage == (1, 1, 0))
        with pytest.raises(Exception, match="max_transaction_time"):
            await User.objects.acount()
        return True


SCHEMA = strawberry.Schema(Query, Mutation)


@pytest.fixture(autouse=True)
def atomic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    monkeypatch.setattr(threads, "pool", ThreadPool(size=1, wait=5, hold=60))


async def errors_of(query: str, rolls_back: Callable[[Any], bool] | None = None) -> Any:
    async with OperationThread():
        consumer = GraphQLHTTPConsumer[Any, Any](SCHEMA, rollback_mutation=rolls_back)
        request = OperationRequest(f"mutation {{ {query} }}", None, None)
        result = await execute(consumer, request, None, None, frozenset(OperationType))
        return result.errors


async def is_written() -> bool:
    async with OperationThread():
        return await User.objects.aexists()


@pytest.mark.parametrize("query", ["lose", "lose write"])
async def test_what_has_lost_its_transaction_is_an_error_and_writes_no_more(query: str) -> None:
    threads.pool.hold = 0.05
    assert await errors_of(query, lambda result: False)
    assert not await is_written()


async def test_a_hook_that_cannot_judge_rolls_back() -> None:
    def rolls_back(result: Any) -> bool:
        raise LookupError

    assert await errors_of("write", rolls_back)
    assert not await is_written()


async def test_all_databases_begin_or_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each field fails, not the first alone: what the database refuses once, it may take next."""
    second = {**connections.settings["default"], "NAME": tmp_path / "missing" / "second.sqlite3"}
    monkeypatch.setitem(connections.settings, "second", second)
    errors = await errors_of("first: write second: write", lambda result: False)
    monkeypatch.undo()
    assert [error.path for error in errors] == [["first"], ["second"]]
    assert not await is_written()
