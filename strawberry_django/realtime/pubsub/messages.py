"""The messages that wait for one subscription.

Imports the ground modules only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from ..conf import Overflow
from ..exceptions import ListenerOverflowError

Message = dict[str, Any]


class Listener(Protocol):
    """What a channel hands its messages to."""

    def put(self, message: Message) -> None:
        """Take the next message."""

    def fail(self, error: Exception) -> None:
        """End with an error, after what came before."""


class Messages(AsyncIterator[Message]):
    """The messages of one type that wait for one subscription, at most `capacity`.

    When there are more, `overflow` says what happens: with `"close"` the iteration
    ends with an error, with `"drop_oldest"` the oldest is lost, with `"latest"` all
    but the newest are. An error calls them `called`.
    """

    def __init__(
        self,
        type: str,
        timeout: float | None,
        capacity: int,
        overflow: Overflow = "close",
        on_overflow: Callable[[ListenerOverflowError], None] = lambda _: None,
        *,
        called: str = "",
    ) -> None:
        self._type = type
        self._called = called or type
        self._timeout = timeout
        self._capacity = capacity
        self._overflow = overflow
        self._on_overflow = on_overflow
        self._waiting: deque[Message] = deque()
        self._changed = asyncio.Event()
        self._failure: Exception | None = None

    def put(self, message: Message) -> None:
        """Let the subscription have `message`; if it is full, do as `overflow` says."""
        if message.get("type") != self._type:
            return
        if self._failure is None and len(self._waiting) >= self._capacity:
            if self._overflow == "close":
                error = ListenerOverflowError(self._called, self._capacity)
                self.fail(error)
                self._on_overflow(error)
            elif self._overflow == "latest":
                self._waiting.clear()
            else:
                self._waiting.popleft()
        if self._failure is None:
            self._waiting.append(message)
            self._changed.set()

    def fail(self, error: Exception) -> None:
        """End the subscription with `error`, after what already waits for it."""
        self._failure = self._failure or error
        self._changed.set()

    async def __anext__(self) -> Message:
        while not self._waiting:
            if self._failure is not None:
                raise self._failure
            self._changed.clear()
            if not await self._change():
                raise StopAsyncIteration
        return self._waiting.popleft()

    async def _change(self) -> bool:
        """Wait for a change, and tell whether there was one in time."""
        if self._timeout is None:
            return await self._changed.wait()
        # `asyncio.wait_for` loses a cancellation that comes with the change, before Python 3.12.
        changing = asyncio.ensure_future(self._changed.wait())
        try:
            return bool((await asyncio.wait([changing], timeout=self._timeout))[0])
        finally:
            changing.cancel()
