"""Histories in the memory of one process, beside the channel layer that is in memory too.

Imports its siblings and the ground modules.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from .history import KNOWN_FOR, PAGE, History, Page, Position, page_of
from .messages import Message
from .shelves import MemoryShelf

#: From how many streams on those that nobody has asked for are looked for.
_MANY = 100


class _Ring:
    """One stream."""

    def __init__(self, history: History) -> None:
        self.epoch = secrets.token_hex(4)
        self.offset = 0
        self.held = 0
        self.used = time.monotonic()
        self.events: deque[tuple[float, Message]] = deque(maxlen=history.events)

    @property
    def head(self) -> Position:
        return Position(self.epoch, self.offset)


class Rings:
    """The streams of one topic; any thread may ask.

    Args:
        history: how much each remembers.
    """

    tells_all = True

    def __init__(self, history: History) -> None:
        self.shelf = MemoryShelf(max(history.kept, KNOWN_FOR))
        self._history = history
        self._rings: dict[str, _Ring] = {}
        self._many = _MANY
        # Events are handed on in the order of their positions; who is handed one may ask again.
        self._lock = threading.RLock()

    async def append(self, stream: str, message: Message, hand_on: Callable[[Message], Any]) -> Any:
        """Add an event, and hand it on."""
        return self.append_sync(stream, message, hand_on)

    def append_sync(self, stream: str, message: Message, hand_on: Callable[[Message], Any]) -> Any:
        """Add an event, and hand it on."""
        with self._lock:
            ring = self._ring(stream)
            ring.offset += 1
            told = {**message, "at": [*ring.head]}
            ring.events.append((ring.used, told))
            return hand_on({**told})

    async def page(self, stream: str, after: Position) -> Page:
        """Read the events after a position."""
        with self._lock:
            ring = self._ring(stream)
            skipped = 0
            if ring.epoch == after.epoch:
                first = ring.offset - len(ring.events) + 1
                skipped = max(after.offset - first + 1, 0)
            found = [{**message} for _, message in islice(ring.events, skipped, skipped + PAGE)]
            return page_of(found, after, ring.head)

    async def heads(self, streams: Sequence[str]) -> list[Position]:
        """Return the positions of the last events."""
        with self._lock:
            return [self._ring(stream).head for stream in streams]

    def hold(self, stream: str) -> None:
        """Keep the position of a stream in which nothing happens."""
        with self._lock:
            self._ring(stream).held += 1

    def release(self, stream: str) -> None:
        """Hold it no longer."""
        with self._lock:
            self._ring(stream).held -= 1

    def _ring(self, stream: str) -> _Ring:
        ring = self._rings.get(stream)
        if ring is None:
            if len(self._rings) >= self._many:
                self._forget_unused()
            ring = self._rings[stream] = _Ring(self._history)
        ring.used = time.monotonic()
        while ring.events and ring.events[0][0] < ring.used - self._history.seconds:
            ring.events.popleft()
        return ring

    def _forget_unused(self) -> None:
        oldest = time.monotonic() - self._history.kept
        for stream in [s for s, ring in self._rings.items() if not ring.held]:
            if self._rings[stream].used < oldest:
                del self._rings[stream]
        self._many = max(_MANY, 2 * len(self._rings))
