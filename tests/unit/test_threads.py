"""The threads in which one operation's synchronous code runs."""

from __future__ import annotations

import asyncio
import threading

import pytest
from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async
from django.db import connection, connections

from strawberry_django.realtime.threads import OperationThread, release_thread
from tests.support import queries, until


async def thread() -> threading.Thread:
    return await sync_to_async(threading.current_thread)()


def open_connection() -> threading.Thread:
    connection.ensure_connection()
    return threading.current_thread()


async def test_an_operation_has_one_thread_of_its_own_which_ends_with_it() -> None:
    async with OperationThread():
        first = await thread()
        assert await thread() is first
        assert first is not threading.current_thread()
    async with OperationThread():
        assert await thread() is not first
    await until(lambda: not first.is_alive())


async def test_a_slow_operation_does_not_hold_up_another() -> None:
    release, slow_thread = threading.Event(), threading.Event()

    def slow() -> bool:
        slow_thread.set()
        return release.wait(5)

    async def slow_operation() -> bool:
        async with OperationThread():
            return await sync_to_async(slow)()

    waiting = asyncio.create_task(slow_operation())
    await until(slow_thread.is_set)
    async with OperationThread():
        assert await thread()  # While the other one still waits.
    assert not waiting.done()
    release.set()
    assert await waiting is True


async def test_an_operation_without_synchronous_code_has_no_thread() -> None:
    before = set(threading.enumerate())
    async with OperationThread() as context:
        assert context not in SyncToAsync.context_to_thread_executor
    assert set(threading.enumerate()) <= before


@pytest.mark.django_db(transaction=True)
async def test_the_database_connections_of_the_thread_are_closed_at_the_end() -> None:
    opened = []

    def remember() -> None:
        connection.ensure_connection()
        opened.append(connections["default"])

    async with OperationThread():
        await sync_to_async(remember)()
        assert opened[0].connection is not None
    assert opened[0].connection is None


@pytest.mark.django_db(transaction=True)
async def test_they_are_closed_after_an_exception_as_well() -> None:
    opened = []

    def fail() -> None:
        connection.ensure_connection()
        opened.append(connections["default"])
        raise ValueError("expected")

    with pytest.raises(ValueError, match="expected"):
        async with OperationThread():
            await sync_to_async(fail)()
    assert opened[0].connection is None


async def test_inside_another_context_the_outer_thread_serves() -> None:
    async with ThreadSensitiveContext():
        outer = await thread()
        async with OperationThread():
            assert await thread() is outer
        assert await thread() is outer


@pytest.mark.django_db(transaction=True)
async def test_a_released_thread_ends_and_the_next_call_has_a_new_one() -> None:
    with queries() as asked:
        async with OperationThread():
            first = await sync_to_async(open_connection)()
            await release_thread()
            await until(lambda: not first.is_alive())
            second = await sync_to_async(open_connection)()
            assert second is not first
    assert asked == []


async def test_what_still_runs_in_a_released_thread_is_finished_first() -> None:
    release, started = threading.Event(), threading.Event()

    def slow() -> bool:
        started.set()
        return release.wait(5)

    async with OperationThread() as context:
        running = asyncio.create_task(sync_to_async(slow)())
        await until(started.is_set)
        releasing = asyncio.create_task(release_thread())
        await until(lambda: context not in SyncToAsync.context_to_thread_executor)
        assert await thread()  # A new one: the first is still busy.
        assert not running.done()
        release.set()
        assert await running is True
        await releasing
