"""The threads in which one operation's synchronous code runs.

Ground: imports nothing of its siblings.

`sync_to_async` runs synchronous code (the ORM, a Django resolver) in one thread
for the whole process unless a `ThreadSensitiveContext` surrounds it; then one
slow call holds up every other socket. Django gives each HTTP request a context
of its own, and so do we for each operation.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.db import connections

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
        executor = SyncToAsync.context_to_thread_executor.get(self)
        if executor is not None:
            await _close_connections(executor)
        await super().__aexit__(*exception)  # type: ignore[no-untyped-call]


async def release_thread() -> None:
    """Give back the current operation's thread until it is needed again.

    A subscription calls this before it waits for an event: a thousand waiting
    subscriptions then hold no thread and no database connection. The next
    synchronous call is given a new thread.
    """
    context = SyncToAsync.thread_sensitive_context.get(None)
    if context is None or getattr(context, "_executor", None) is not None:
        return
    executor = SyncToAsync.context_to_thread_executor.pop(context, None)
    if executor is not None:
        await _close_connections(executor)
        executor.shutdown(wait=False)
