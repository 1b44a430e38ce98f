"""Where one subscription stands in the streams of a topic that has a history.

Imports its siblings and the ground modules. Events come from the feed as long as the subscription
keeps up. One that falls behind, or begins at an earlier position, reads the history.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Literal

from ..conf import Overflow
from ..exceptions import EventsMissedError
from .history import Position
from .messages import Message
from .progress import Progress
from .stream_feed import StreamFeed

#: What happens when events were missed that cannot be read again; see `Topic.subscribe`.
OnGap = Literal["error", "extensions"]

logger = logging.getLogger("strawberry_django.realtime")

#: Seconds until a history that could not be read is read again.
_AGAIN = 1.0


class Cursor(AsyncIterator[Message]):
    """The events of some streams after a position of each.

    Args:
        capacity: how many events may wait; beyond that they are read again, with `"close"`, or
            lost as `overflow` says.
        on_gap: what happens when events were missed.
        progress: is told how far it has come.
        called: the topic, in an error.
    """

    def __init__(
        self, capacity: int, overflow: Overflow, on_gap: OnGap, progress: Progress, called: str
    ) -> None:
        self._capacity = capacity
        self._overflow = overflow
        self._on_gap = on_gap
        self._progress = progress
        self._called = called
        self._feeds: dict[str, StreamFeed] = {}
        self._here: dict[str, Position] = {}
        self._behind: dict[str, None] = {}
        self._read_again: deque[Message] = deque()
        self._waiting: deque[Message] = deque()
        self._changed = asyncio.Event()
        self._failure: Exception | None = None

    def follow(self, feed: StreamFeed, start: Position) -> None:
        """Have the events of a feed after a position; those that came since wait already."""
        self._feeds[feed.group] = feed
        self._here[feed.group] = start

    async def begin(self, after: Mapping[str, Position]) -> None:
        """Go on after these positions; without one, where the operation was, or from now."""
        starts, store = dict(self._here), next(iter(self._feeds.values())).store
        if after:
            self._progress.has_own_start = True
            self._here |= after
        if self._progress.resume is not None:
            self._here |= await self._progress.resume(store, dict(self._here))
        self._behind = {s: None for s, start in starts.items() if self._here[s] != start}
        self._progress.begin(store, self._here)

    def put(self, message: Message) -> None:
        """Let an event wait; what is too much is read again when it is wanted."""
        if len(self._waiting) >= self._capacity:
            if self._overflow == "drop_oldest":
                self._waiting.popleft()
            else:
                if self._overflow == "close":
                    self._behind.update(dict.fromkeys(self._feeds))
                self._waiting.clear()
        self._waiting.append(message)
        self._changed.set()

    def fail(self, error: Exception) -> None:
        """End with an error, after what waits."""
        self._failure = self._failure or error
        self._changed.set()

    async def __anext__(self) -> Message:
        self._progress.finish(self._feeds)
        if self._progress.has_reached(self._feeds):
            raise StopAsyncIteration
        while True:
            message = self._next()
            if message is not None:
                return message
            if self._behind:
                await self._read(next(iter(self._behind)))
                nothing = not self._read_again and not self._behind
                if nothing and self._progress.has_reached(self._feeds):
                    raise StopAsyncIteration
            elif self._failure is not None:
                raise self._failure
            else:
                self._changed.clear()
                await self._changed.wait()

    def _next(self) -> Message | None:
        """Return the next event, if it follows on those before; what was read comes first."""
        if self._read_again:
            message = self._read_again.popleft()
            self._move(message["stream"], Position(*message["at"]))
            return message
        while self._waiting and not self._behind:
            message = self._waiting[0]
            stream = message.get("stream")
            if stream is None:
                return self._waiting.popleft()
            at, here = Position(*message["at"]), self._here[stream]
            if at.epoch == here.epoch and at.offset <= here.offset:
                self._waiting.popleft()
                continue
            if "type" not in message:  # A gap, with nothing behind it.
                self._waiting.popleft()
                self._behind[stream] = None
                return None
            follows = at == (here.epoch, here.offset + 1)
            if not follows and self._overflow == "close":
                self._behind[stream] = None
                return None
            self._waiting.popleft()
            self._move(stream, at)
            return message
        return None

    def _move(self, stream: str, at: Position) -> None:
        self._here[stream] = at
        self._progress.reading(stream, at)

    async def _read(self, stream: str) -> None:
        """Read on in a stream."""
        here = self._here[stream]
        try:
            page = await self._feeds[stream].page(here)
        except Exception as error:
            logger.warning("The history of %r cannot be read now: %r", self._called, error)
            await asyncio.sleep(_AGAIN)
            return
        for message in page.messages:
            message["stream"] = stream
        if page.missed:
            first = page.messages[0]["at"][1] - 1 if page.messages else page.head.offset
            self._here[stream] = Position(page.head.epoch, first)
        if not page.messages or page.messages[-1]["at"] == [*page.head]:
            del self._behind[stream]
        if not page.messages:
            self._skip_to_next(stream)
        self._read_again.extend(page.messages)
        if page.missed:
            self._progress.miss(stream, self._here[stream])
            if self._on_gap == "error":
                raise EventsMissedError(self._called)

    def _skip_to_next(self, stream: str) -> None:
        """Go on with the event that waits, though the history has none before it.

        A Redis that has taken over from another may lack what that one had.
        """
        for message in self._waiting:
            if message.get("stream") == stream and "type" in message:
                epoch, offset = message["at"]
                self._here[stream] = Position(epoch, offset - 1)
                return
