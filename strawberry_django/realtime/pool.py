"""The bounded pool of this process's threads, lent out call by call.

Ground: imports `connections` and `exceptions` only. What is run in them, and when, is said by
`threads`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from concurrent.futures import Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from .connections import IDLE, abandon_connections, close_old_connections
from .exceptions import ThreadWaitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conf import RealtimeOptions

logger = logging.getLogger("strawberry_django.realtime")


class Borrower(Protocol):
    """Whose calls are run in the threads of a pool.

    Attributes:
        owner: whose threads they are; `None` for those of all that have no owner.
    """

    owner: object

    def inside(self, thread: PooledThread, function: Callable[[], Any]) -> Any:
        """Run `function` in `thread`."""

    def leave(self, thread: PooledThread | None) -> None:
        """Give `thread` back, or keep it, and let the next call follow."""

    def leave_if_stranded(self, thread: PooledThread) -> None:
        """Give back a thread that was kept if nobody else would."""


class ThreadPool:
    """The threads of this process that run synchronous code for operations.

    Attributes:
        size: the most threads there may be; the calls beyond wait, in the order they came.
        wait: seconds for which a call may wait for a thread.
        hold: seconds for which an operation may keep a thread in an open transaction.
    """

    def __init__(self, size: int, wait: float, hold: float) -> None:
        self.size, self.wait, self.hold = size, wait, hold
        self._lock = threading.Lock()
        self._threads: set[PooledThread] = set()
        self._idle: list[PooledThread] = []
        self._waiting: deque[Call] = deque()

    def configure(self, options: RealtimeOptions) -> None:
        """Take the bounds from the options of a router; the last one in the process counts."""
        self.size = options["max_threads"]
        self.wait = options["thread_wait_timeout"]
        self.hold = options["max_transaction_time"]

    def run(self, call: Call) -> asyncio.TimerHandle | None:
        """Run `call` in the next free thread.

        Its future fails with `ThreadWaitError` if there is none within `wait` seconds.

        Returns:
            What ends the wait, if it must wait; to be cancelled when the call was run.
        """
        with self._lock:
            thread = self._free_thread(call.owner)
            if thread is None:
                self._waiting.append(call)
        if thread is None:
            return asyncio.get_running_loop().call_later(self.wait, self._give_up, call)
        thread.calls.put(call)
        return None

    def _free_thread(self, owner: object) -> PooledThread | None:
        for thread in reversed(self._idle):  # The last one first: the others may end.
            if thread.owner is owner:
                self._idle.remove(thread)
                return thread
        if len(self._threads) >= self.size:
            if not self._idle:
                return None
            self._end(self._idle.pop(0))
        return self._start(owner)

    def _end(self, thread: PooledThread) -> None:
        self._threads.discard(thread)
        thread.calls.put(None)

    def _start(self, owner: object) -> PooledThread | None:
        thread = PooledThread(self, owner)
        try:
            thread.start()
        except RuntimeError as error:  # The system gives no more: one of ours may become free.
            logger.error("A thread of at most %d (max_threads): %s", self.size, error)
            return None
        self._threads.add(thread)
        return thread

    def _give_up(self, call: Call) -> None:
        with self._lock:
            if call not in self._waiting:
                return
            self._waiting.remove(call)
        call.fail(ThreadWaitError(self.size, self.wait))

    def take_back(self, thread: PooledThread, is_over: Callable[[], bool]) -> None:
        """Give a thread to the call that has waited longest, or keep it.

        Args:
            thread: it.
            is_over: tells whether its owner has ended, so that it can serve nobody else; asked
                while nothing else happens, so that `let_go` misses none.
        """
        with self._lock:
            if not self._waiting:
                if is_over():
                    self._end(thread)
                else:
                    self._idle.append(thread)
                return
            call = self._waiting.popleft()
            if call.owner is not thread.owner:
                self._end(thread)
                fresh = self._start(call.owner)
                if fresh is None:
                    self._waiting.appendleft(call)
                    return
                thread = fresh
        thread.calls.put(call)

    def let_go(self, owner: object) -> None:
        """Let the idle threads of an owner end, with their connections: it has ended."""
        with self._lock:
            for thread in [each for each in self._idle if each.owner is owner]:
                self._idle.remove(thread)
                self._end(thread)

    def retire(self, thread: PooledThread) -> bool:
        """Let an idle thread end; tell whether it may."""
        with self._lock:
            if thread not in self._idle:
                return False
            self._idle.remove(thread)
            self._threads.discard(thread)
            return True

    @property
    def usage(self) -> tuple[int, int, int]:
        """How many threads there are, how many of them are idle, and how many calls wait."""
        with self._lock:
            return len(self._threads), len(self._idle), len(self._waiting)

    def forget_threads(self) -> None:
        """Begin anew in a process that was forked: the threads are in the other one."""
        self._lock = threading.Lock()
        self._threads, self._idle, self._waiting = set(), [], deque()

    def close(self) -> None:
        """Let the idle threads close their connections and end."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._threads.difference_update(idle)
        for thread in idle:
            thread.calls.put(None)
        for thread in idle:
            thread.join(IDLE)


class PooledThread(threading.Thread):
    """One thread of the pool.

    What code leaves in a thread (a `threading.local`) is there for the next that runs in it. So a
    thread serves one owner: all ordinary operations together, or one shared execution.
    """

    def __init__(self, pool: ThreadPool, owner: object) -> None:
        # A daemon: a resolver that never returns does not keep the process from ending.
        super().__init__(name="strawberry_django_realtime", daemon=True)
        self.calls: SimpleQueue[Call | None] = SimpleQueue()
        self.owner = owner
        self.used = 0.0
        self.kept_by: Borrower | None = None
        self._pool = pool

    def run(self) -> None:
        """Run the calls that come, until none has come for a while."""
        while True:
            try:
                call = self.calls.get(timeout=IDLE)
            except Empty:
                if self.kept_by is not None:
                    self.kept_by.leave_if_stranded(self)
                elif not close_old_connections() and self._pool.retire(self):
                    return
                continue
            if call is None:
                abandon_connections()
                return
            call.run(self)
            del call


class Call:
    """One call of an operation, and the future of its result."""

    def __init__(self, executor: Borrower, function: Callable[[], Any]) -> None:
        self._executor = executor
        self._function = function
        self.owner = executor.owner
        self.future: Future[Any] = Future()

    def run(self, thread: PooledThread) -> None:
        """Run it, and let the operation's next call follow."""
        outcome: Callable[[], None] | None = None
        if self.future.set_running_or_notify_cancel():
            try:
                result = self._executor.inside(thread, self._function)
            except BaseException as error:
                outcome = partial(self.future.set_exception, error)
            else:
                outcome = partial(self.future.set_result, result)
        self._executor.leave(thread)
        if outcome is not None:
            outcome()

    def fail(self, error: Exception) -> None:
        """Let it fail before it was run."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)
        self._executor.leave(None)
