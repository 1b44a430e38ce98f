"""The database connection of a test, for the application as well.

A test that is rolled back (`TestCase`, `@pytest.mark.django_db` without `transaction=True`) has all
that it makes in a transaction of one connection. Other connections see none of it, and what they
write stays. Imports `_upstream` only.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.db import connections

from .._upstream.frameworks import (
    async_thread,
    executor_of_caller,
    outside_of_loop,
    run_in_executor_of_caller,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from concurrent.futures import Executor

Connections = dict[str, Any]


@contextmanager
def shared_connections() -> Iterator[None]:
    """Have asynchronous code use the database connections of this thread inside the block.

    Enter it in a synchronous fixture, after the database: then what an asynchronous test itself
    writes is rolled back too. Connections without an open transaction are not shared.
    """
    shared = _in_transaction()
    before = async_thread().submit(_adopt, shared).result()
    try:
        yield
    finally:
        async_thread().submit(_give_back, shared, before).result()


def _in_transaction() -> Connections:
    opened = connections.all(initialized_only=True)
    return {each.alias: each for each in opened if each.in_atomic_block}


def _adopt(shared: Connections) -> Connections:
    """Have this thread use other connections, and return its own."""
    own = {each.alias: each for each in connections.all(initialized_only=True)}
    for alias, connection in shared.items():
        if own.get(alias) is not connection:
            connection.inc_thread_sharing()
            connections[alias] = connection
    return own


def _give_back(shared: Connections, before: Connections) -> None:
    for alias, connection in shared.items():
        if before.get(alias) is connection:
            continue
        connection.dec_thread_sharing()
        del connections[alias]
        if alias in before:
            connections[alias] = before[alias]


def _keep_open() -> None:
    """Have requests not close this thread's connections while a transaction is open in them.

    Django closes them at the beginning and the end of a request, and Channels around each call;
    Django's own test clients keep Django from it, and Channels' communicators keep Channels.
    """
    for connection in connections.all(initialized_only=True):
        if "close_if_unusable_or_obsolete" not in vars(connection):
            close = connection.close_if_unusable_or_obsolete
            connection.close_if_unusable_or_obsolete = partial(_close_outside, connection, close)


def _close_outside(connection: Any, close: Callable[[], None]) -> None:
    if not connection.in_atomic_block:
        close()


class ApplicationInTest:
    """An ASGI application whose synchronous code runs where the test has its connection.

    Where Django runs an asynchronous test, that is the thread of the test. Where pytest does, the
    transaction was begun in the thread of the event loop, in which nothing synchronous can run: the
    thread of all asynchronous code is given its connection, and keeps it.
    """

    def __init__(self, application: Callable[..., Awaitable[None]]) -> None:
        self._application = application
        self._executor: Executor | None = None

    async def prepare(self) -> None:
        """Find the connection of the test that calls."""
        self._executor = executor_of_caller()
        if self._executor is None and (shared := outside_of_loop(_in_transaction)):
            self._executor = async_thread()
            await sync_to_async(_adopt)(shared)
        if self._executor is not None:
            await sync_to_async(_keep_open)()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve what the test asks; Channels' communicators begin with an empty context."""
        run_in_executor_of_caller(self._executor)
        await self._application(scope, receive, send)
