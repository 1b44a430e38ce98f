"""The pool of threads for synchronous code: what is lent, kept, bounded and given back."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.db import connection, connections, transaction

from strawberry_django.realtime import threads
from strawberry_django.realtime.exceptions import ThreadWaitError, TransactionTimeoutError
from strawberry_django.realtime.pool import ThreadPool
from strawberry_django.realtime.threads import OperationExecutor, OperationThread
from tests.support import until


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadPool]:
    """A pool of two threads that nobody else uses."""
    small = ThreadPool(size=2, wait=5, hold=60)
    monkeypatch.setattr(threads, "pool", small)
    yield small
    small.close()


async def thread() -> threading.Thread:
    return await sync_to_async(threading.current_thread)()


class Slow:
    """A synchronous call that lasts until it is told to end."""

    def __init__(self) -> None:
        self.started, self.release = threading.Event(), threading.Event()

    def __call__(self) -> bool:
        self.started.set()
        return self.release.wait(5)


async def call(function: Any) -> Any:
    async with OperationThread():
        return await sync_to_async(function)()


async def test_a_block_holds_no_thread_between_two_calls(pool: ThreadPool) -> None:
    async with OperationThread(), OperationThread():
        assert await thread() is not threading.current_thread()
        await until(lambda: pool.usage == (1, 1, 0))
    assert pool.usage == (1, 1, 0)


async def test_without_synchronous_code_no_thread_is_started(pool: ThreadPool) -> None:
    async with OperationThread():
        await asyncio.sleep(0)
    assert pool.usage == (0, 0, 0)


async def test_a_slow_call_holds_up_no_other_operation(pool: ThreadPool) -> None:
    slow = Slow()
    waiting = asyncio.create_task(call(slow))
    await until(slow.started.is_set)
    assert await call(lambda: "done") == "done"
    slow.release.set()
    assert await waiting is True


async def test_the_calls_of_a_block_run_one_at_a_time_and_in_order(pool: ThreadPool) -> None:
    slow, order = Slow(), list[int]()
    async with OperationThread():
        first = asyncio.create_task(sync_to_async(slow)())
        await until(slow.started.is_set)
        others = [asyncio.create_task(sync_to_async(order.append)(i)) for i in range(3)]
        await asyncio.sleep(0)
        assert order == []
        slow.release.set()
        await asyncio.gather(first, *others)
    assert order == [0, 1, 2]


async def test_who_waits_longest_is_served_first(pool: ThreadPool) -> None:
    slow, order = [Slow(), Slow()], list[int]()
    busy = [asyncio.create_task(call(each)) for each in slow]
    await until(lambda: all(each.started.is_set() for each in slow))
    later = []
    for number in range(3):
        later.append(asyncio.create_task(call(partial(order.append, number))))
        await until(lambda: pool.usage[2] == len(later))
    slow[0].release.set()
    await asyncio.gather(*later)
    assert order == [0, 1, 2]
    slow[1].release.set()
    await asyncio.gather(*busy)


async def test_who_waits_too_long_is_told_what_is_busy(pool: ThreadPool) -> None:
    pool.wait = 0.05
    slow = [Slow(), Slow()]
    busy = [asyncio.create_task(call(each)) for each in slow]
    await until(lambda: all(each.started.is_set() for each in slow))
    with pytest.raises(ThreadWaitError, match=r"all 2 threads .*\(max_threads\)"):
        await call(lambda: None)
    for each in slow:
        each.release.set()
    await asyncio.gather(*busy)
    assert await call(lambda: "again") == "again"


async def test_synchronous_code_may_call_asynchronous_code_that_calls_synchronous_code(
    pool: ThreadPool,
) -> None:
    pool.size = 1

    async def inner() -> threading.Thread:
        return await thread()

    def outer() -> bool:
        return async_to_sync(inner)() is threading.current_thread()

    assert await asyncio.wait_for(call(outer), 5)


@pytest.mark.django_db(transaction=True)
async def test_an_open_transaction_keeps_its_thread_and_is_rolled_back_at_the_end(
    pool: ThreadPool,
) -> None:
    async with OperationThread():
        await sync_to_async(transaction.atomic().__enter__)()
        await sync_to_async(User.objects.create)(username="ada")
        assert pool.usage == (1, 0, 0)
        assert await User.objects.aexists()
    await until(lambda: pool.usage == (1, 1, 0))
    assert not await call(User.objects.exists)


@pytest.mark.django_db(transaction=True)
async def test_a_transaction_that_is_open_for_too_long_is_rolled_back(pool: ThreadPool) -> None:
    pool.hold = 0.05
    async with OperationThread():
        await sync_to_async(transaction.atomic().__enter__)()
        await sync_to_async(User.objects.create)(username="ada")
        await until(lambda: pool.usage == (1, 1, 0))
        with pytest.raises(TransactionTimeoutError, match="max_transaction_time"):
            await User.objects.acount()
        assert await User.objects.acount() == 0


@pytest.mark.django_db(transaction=True)
async def test_a_queryset_that_is_read_in_chunks_keeps_its_connection(pool: ThreadPool) -> None:
    users = [User(username=f"user{number}") for number in range(5)]
    async with OperationThread():
        await User.objects.abulk_create(users)
        usage = [pool.usage async for _ in User.objects.aiterator(chunk_size=2)]
        assert usage[0] == (1, 0, 0)
        await until(lambda: pool.usage == (1, 1, 0))


@pytest.mark.django_db(transaction=True)
async def test_an_idle_thread_closes_its_connections_and_ends(pool: ThreadPool) -> None:
    async with OperationThread():
        await User.objects.acount()
        worker = await thread()
    await until(lambda: not worker.is_alive())
    assert pool.usage == (0, 0, 0)


async def test_the_projects_state_is_entered_in_each_thread_and_left(pool: ThreadPool) -> None:
    local, log = threading.local(), []

    @contextmanager
    def enter_thread(subject: str) -> Iterator[None]:
        local.tenant = subject
        log.append("entered")
        try:
            yield
        finally:
            del local.tenant
            log.append("left")

    def tenant() -> str:
        return getattr(local, "tenant", "public")

    async with OperationThread("acme", enter_thread):
        assert [await sync_to_async(tenant)() for _ in range(2)] == ["acme", "acme"]
    assert log == ["entered", "left"] * 2
    assert await call(tenant) == "public"


async def test_state_that_cannot_be_entered_fails_the_call_and_no_more(pool: ThreadPool) -> None:
    def enter_thread(subject: Any) -> Any:
        raise LookupError("no such tenant")

    async with OperationThread("acme", enter_thread):
        with pytest.raises(LookupError, match="no such tenant"):
            await thread()
    assert await call(lambda: "next") == "next"


async def test_a_cancelled_operation_ends_with_its_call(pool: ThreadPool) -> None:
    slow = Slow()
    task = asyncio.create_task(call(slow))
    await until(slow.started.is_set)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    slow.release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pool.usage == (1, 1, 0)


@pytest.mark.parametrize("error", [LookupError, SystemExit, asyncio.CancelledError])
async def test_state_that_cannot_be_left_costs_no_thread(
    pool: ThreadPool, error: type[BaseException]
) -> None:
    @contextmanager
    def enter_thread(subject: Any) -> Iterator[None]:
        yield
        raise error

    async with OperationThread("acme", enter_thread):
        assert await asyncio.wait_for(sync_to_async(lambda: "done")(), 5) == "done"
    assert await call(lambda: "next") == "next"
    assert pool.usage == (1, 1, 0)


async def test_a_call_may_add_a_database(
    pool: ThreadPool, django_db_blocker: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add() -> None:
        added = {**connections.settings["default"], "NAME": tmp_path / "added.sqlite3"}
        monkeypatch.setitem(connections.settings, "added", added)
        connections["added"].ensure_connection()

    with django_db_blocker.unblock():
        await asyncio.wait_for(call(add), 5)
    pool.close()


async def test_a_thread_that_the_system_does_not_give_is_not_counted(pool: ThreadPool) -> None:
    pool.wait = 0.05
    usual = threading.stack_size(2**45)
    try:
        with pytest.raises(ThreadWaitError):
            await call(lambda: None)
    finally:
        threading.stack_size(usual)
    assert pool.usage == (0, 0, 0)
    assert await call(lambda: "again") == "again"


async def test_what_has_waited_or_kept_a_thread_is_not_kept_until_the_limit(
    pool: ThreadPool, django_db_blocker: Any
) -> None:
    """Else each mutation in a transaction keeps its request for `max_transaction_time`."""
    pool.size = 1
    slow = Slow()
    busy = asyncio.create_task(call(slow))
    await until(slow.started.is_set)

    async def begin() -> weakref.ref[Any]:
        async with OperationThread() as block:
            await sync_to_async(transaction.atomic().__enter__)()
            return weakref.ref(block.lent)

    with django_db_blocker.unblock():
        waiting = asyncio.create_task(begin())
        await until(lambda: pool.usage[2] == 1)
        slow.release.set()
        await busy
        operation = await waiting
        del waiting
        await until(lambda: not gc.collect() or operation() is None)
        assert operation() is None


@pytest.mark.django_db(transaction=True)
async def test_an_operation_does_not_see_the_queries_of_another(
    pool: ThreadPool, settings: Any
) -> None:
    settings.DEBUG = True
    await call(User.objects.exists)
    assert await call(lambda: connection.queries) == []
    assert pool.usage == (1, 1, 0)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    assert asyncio.run(call(lambda: "done")) == "done"
    child = os.fork()
    if not child:
        try:
            asyncio.run(asyncio.wait_for(call(lambda: "done"), 5))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_closed_event_loop_keeps_no_transaction(pool: ThreadPool, django_db_blocker: Any) -> None:
    async def begin() -> None:
        operation = OperationExecutor(pool)
        await asyncio.wrap_future(operation.submit(transaction.atomic().__enter__))

    with django_db_blocker.unblock():
        asyncio.run(begin())
        assert pool.usage == (1, 0, 0)
        asyncio.run(until(lambda: pool.usage == (0, 0, 0)))


@pytest.mark.parametrize("late", [False, True])
async def test_an_owner_that_has_ended_leaves_no_thread(late: bool, pool: ThreadPool) -> None:
    pool.wait = 0.01
    slow = Slow()
    async with OperationThread(owner=object()):
        running = await thread()
        if late:
            asyncio.ensure_future(sync_to_async(slow)()).add_done_callback(asyncio.Future.exception)
            await until(slow.started.is_set)
    slow.release.set()
    await until(lambda: pool.usage == (0, 0, 0) and not running.is_alive())
