"""The threads in which one operation's synchronous code runs.

Ground: imports `_upstream` only.

`sync_to_async` runs synchronous code (the ORM, a Django resolver) in one thread
for the whole process unless a `ThreadSensitiveContext` surrounds it; then one
slow call holds up every other socket. Django gives each HTTP request a context
of its own, and so do we for each operation.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from asgiref.sync import ThreadSensitiveContext
from django.db import connections

from ._upstream import take_thread_executor, thread_executor

if TYPE_CHECKING:
    from concurrent.futures import Executor


async def _close_connections(executor: Executor) -> None:
    """Close the database connections that the executor's thread opened."""
    await asyncio.get_running_loop().run_in_executor(executor, connections.close_all)


class OperationThread(ThreadSensitiveContext):
    """Give the synchronous code inside the block a thread of its own.

    The thread is made at the first call that needs it. On leaving, its database
    connections are closed and it ends. Inside another `ThreadSensitiveContext`
    (Django's handler, for HTTP) the outer one goes on serving.
    """

    async def __aexit__(self, *exception: Any) -> None:
        executor = thread_executor(self)
        if executor is not None:
            await _close_connections(executor)
        await super().__aexit__(*exception)  # type: ignore[no-untyped-call]


async def release_thread() -> None:
    """Give back the current operation's thread until it is needed again.

    A subscription calls this before it waits for an event: a thousand waiting
    subscriptions then hold no thread and no database connection. The next
    synchronous call is given a new thread.
    """
    executor = take_thread_executor()
    if executor is not None:
        await _close_connections(executor)
        executor.shutdown(wait=False)
