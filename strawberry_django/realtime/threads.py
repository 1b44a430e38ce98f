"""The threads in which the synchronous code of an operation runs.

Ground: imports `_upstream`, `blocking`, `connections`, `exceptions`, `pool` and `waiting` only.

`sync_to_async` runs synchronous code (the ORM, a Django resolver) in one thread for the whole
process unless a `ThreadSensitiveContext` surrounds it, and in one thread for each context then. The
first lets a slow call hold up every socket; the second keeps a thread and a database connection for
as long as a subscription waits. So an operation borrows a thread from the pool for each call, and
gives it back when the call returns, unless it has left a transaction or a server-side cursor open.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
import time
from collections import deque
from concurrent.futures import Executor, Future
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import ThreadSensitiveContext

from ._upstream.frameworks import current_thread_context, give_executor, take_executor
from .blocking import watching_the_loop
from .connections import (
    abandon_connections,
    give_up_connections,
    must_stay,
    refresh_connections,
)
from .exceptions import TransactionTimeoutError
from .pool import Call, PooledThread, ThreadPool
from .waiting import within

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    EnterThread = Callable[[Any], AbstractContextManager[Any]]

T = TypeVar("T")

logger = logging.getLogger("strawberry_django.realtime")


class OperationExecutor(Executor):
    """Run the calls of one operation, one at a time and in order, each in a thread of the pool.

    Args:
        enter_thread: the option of that name, asked with `subject`.
        subject: the request.
        owner: whose threads it runs in; `None` for those of all operations that have no owner.
    """

    def __init__(
        self,
        pool: ThreadPool,
        subject: Any = None,
        enter_thread: EnterThread | None = None,
        owner: object = None,
    ) -> None:
        self._pool = pool
        self.owner = owner
        self.enter_thread = enter_thread
        self.subject = subject
        self.prepare: Callable[[], None] = _nothing
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque()
        self._busy = False
        self._ended = False
        self._held: PooledThread | None = None
        self._held_since = 0.0
        self._hold_limit: asyncio.TimerHandle | None = None
        self._wait_limit: asyncio.TimerHandle | None = None
        self._leave_state: Callable[[], object] = _nothing
        self._overheld: TransactionTimeoutError | None = None
        self._loop = asyncio.get_running_loop()
        self._idle = asyncio.Event()
        self._idle.set()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run `fn` after the calls that came before."""
        call = Call(self, partial(fn, *args, **kwargs))
        with self._lock:
            self._calls.append(call)
            if self._busy:
                return call.future
            self._busy = True
        self._idle.clear()
        self._next()
        return call.future

    def _next(self) -> None:
        self._set_limits()
        with self._lock:
            if self._calls:
                call = self._calls.popleft()
            elif self._ended and self._held is not None:  # It ended just as the thread was kept.
                call = Call(self, _nothing)
            else:
                self._busy = False
                self._idle.set()
                return
        if self._held is not None:
            self._held.calls.put(call)
        else:
            self._wait_limit = self._pool.run(call)

    def _set_limits(self) -> None:
        """Limit the hold of a thread that begins; forget those that are over, which keep us."""
        if self._wait_limit is not None:
            self._wait_limit.cancel()
            self._wait_limit = None
        if self._held is None:
            if self._hold_limit is not None:
                self._hold_limit.cancel()
                self._hold_limit = None
        elif self._hold_limit is None:
            self._hold_limit = self._loop.call_later(
                self._pool.hold, self._end_hold, self._held_since
            )

    def inside(self, thread: PooledThread, function: Callable[[], Any]) -> Any:
        """Run `function` in `thread`, with the project's state entered there."""
        if self._overheld is not None:
            error, self._overheld = self._overheld, None
            raise error
        if self._held is None:
            refresh_connections(time.monotonic() - thread.used)
            self._enter()
            self.prepare()
        return function()

    def _enter(self) -> None:
        if self.enter_thread is None:
            return
        context = copy_context()  # What it sets there does not stay with the thread.
        state = context.run(self.enter_thread, self.subject)
        context.run(state.__enter__)
        self._leave_state = lambda: context.run(state.__exit__, None, None, None)

    def leave(self, thread: PooledThread | None) -> None:
        """Give `thread` back unless something is open in it, and run the next call."""
        if thread is not None:
            if must_stay() and not self._ended:
                if self._held is None:
                    self._held, self._held_since = thread, time.monotonic()
                    thread.kept_by = self
            else:
                self._give_back(thread)
        with suppress(RuntimeError):  # The loop is closed, and nobody waits for more.
            self._loop.call_soon_threadsafe(self._next)

    def leave_if_stranded(self, thread: PooledThread) -> None:
        """Give back a thread that was kept if the loop is closed: nobody else ends it now."""
        if self._loop.is_closed():
            self._give_back(thread)

    def _give_back(self, thread: PooledThread) -> None:
        leave_state, self._leave_state = self._leave_state, _nothing
        self._held = thread.kept_by = None
        try:
            leave_state()
        except BaseException:  # A thread that ends would be missed, and its operation never end.
            logger.exception("enter_thread could not be left: the thread's connections are closed")
            abandon_connections()
        if must_stay():
            abandon_connections()
        give_up_connections()
        thread.used = time.monotonic()
        self._pool.take_back(thread, lambda: self._ended and self.owner is not None)

    def _end_hold(self, since: float) -> None:
        if self._held is not None and self._held_since == since:
            self.submit(self._close, since)

    def _close(self, since: float) -> None:
        if self._held is not None and self._held_since == since:
            abandon_connections()
            self._overheld = TransactionTimeoutError(self._pool.hold)

    async def wait(self) -> None:
        """Wait until no call is under way, as long as a call may wait for its thread.

        Who is cancelled does not wait for its own call. It goes on in its thread, and one that
        never returns must not keep its operation.
        """
        if self._idle.is_set():
            return
        with suppress(asyncio.TimeoutError):
            async with within(self._pool.wait):
                await self._idle.wait()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """End the operation: what it has left open is rolled back and closed."""
        self._ended = True
        if self.owner is not None:
            self._pool.let_go(self.owner)
        if self._held is not None:
            self.submit(_nothing)


class OperationThread(ThreadSensitiveContext):
    """Let the synchronous code inside the block borrow threads of the pool.

    The calls of one block run one at a time, in order. Between two of them the block holds neither
    a thread nor a database connection, unless a transaction or a server-side cursor is open: then
    both stay with it, for `max_transaction_time` at most. Inside another block the outer one goes
    on serving, and below `async_to_sync` the thread that called that (in a test, its own).

    Args:
        subject: what the option `enter_thread` is called with: the request.
        enter_thread: the option.
        owner: whose threads are borrowed, if not those of every other operation.
    """

    def __init__(
        self, subject: Any = None, enter_thread: EnterThread | None = None, owner: object = None
    ) -> None:
        super().__init__()
        self._about = (subject, enter_thread, owner)
        self.lent: OperationExecutor | None = None
        self._watch = watching_the_loop()

    async def __aenter__(self) -> OperationThread:
        self._watch.__enter__()
        await super().__aenter__()  # type: ignore[no-untyped-call]
        if self.token is not None:
            self.lent = OperationExecutor(pool, *self._about)
            give_executor(self, self.lent)
        return self

    async def __aexit__(self, *exception: Any) -> None:
        self._watch.__exit__(None, None, None)
        take_executor(self)
        if self.lent is not None:
            self.lent.shutdown()  # First: whom the garbage collector ends fails at the next line.
        await super().__aexit__(*exception)  # type: ignore[no-untyped-call]
        if self.lent is not None:
            await self.lent.wait()


def enter_threads_for(subject: Any, enter_thread: EnterThread | None) -> None:
    """Have the state of `subject` entered around the synchronous code of the current block."""
    block = current_thread_context()
    if isinstance(block, OperationThread) and block.lent is not None:
        block.lent.subject, block.lent.enter_thread = subject, enter_thread


def enters_state() -> bool:
    """Tell whether synchronous code of the current block runs in a state of its own."""
    block = current_thread_context()
    lent = block.lent if isinstance(block, OperationThread) else None
    return lent is not None and lent.enter_thread is not None


def before_first_call(prepare: Callable[[], None]) -> None:
    """Run `prepare` before the next synchronous code of the current block, in its thread.

    Where that fails, the code fails; and it is run again before the next, if the block has not
    kept its thread.
    """
    block = current_thread_context()
    if isinstance(block, OperationThread) and block.lent is not None:
        block.lent.prepare = prepare


def _nothing() -> None:
    """Do nothing."""


#: The threads of this process; the router's options set its bounds.
pool = ThreadPool(size=32, wait=10, hold=60)
atexit.register(pool.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=pool.forget_threads)
