"""The feed of a topic that has a history: what the layer loses, it reads.

Imports its siblings and the ground modules. It outlives a failure of the layer, and looks every few
seconds whether the last event has come: who subscribes is neither ended nor left without it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol, cast
from weakref import WeakKeyDictionary

from ..exceptions import ChannelLayerError
from ..waiting import within
from .feeds import Feed
from .history import Page, Position
from .member import Membership
from .messages import Listener, Message
from .store import Store

logger = logging.getLogger("strawberry_django.realtime")

#: Seconds after which the last event of each stream is looked for, and for which Redis may answer.
_LOOK, _ANSWERED_WITHIN = 3.0, 4.0

#: Seconds after which a layer that has failed is joined again.
_JOIN_AGAIN = 1.0


class Follower(Listener, Protocol):
    """What is told where it joins a stream."""

    def follow(self, feed: StreamFeed, start: Position) -> None:
        """Have the events of a feed after a position."""


class StreamFeed(Feed):
    """What comes of one stream, each event once and in order.

    Attributes:
        position: that of the last event which its subscribers have been handed.
    """

    position: Position

    def __init__(
        self, alias: str, layer: Any, group: str, end: Callable[[Feed], None], store: Store
    ) -> None:
        self.store = store
        self._headed: asyncio.Task[None] | None = None
        self._filling: asyncio.Task[None] | None = None
        self._early: list[Message] | None = []
        self._closed = False
        super().__init__(alias, layer, group, end)
        store.hold(group)

    async def join(self, subscriber: Listener) -> None:
        """Let `subscriber` have what is sent from now on.

        Raises:
            ChannelLayerError: the layer, or its Redis, has failed or does not answer in time.
        """
        start = None if self._early is not None else self.position
        await super().join(subscriber)
        if self._headed is None or (self._headed.done() and self._early is not None):
            self._headed = asyncio.create_task(self._begin())
            self._headed.add_done_callback(_note_failure)
        await asyncio.wait([self._headed])
        self._headed.result()
        cast("Follower", subscriber).follow(self, start or self._start)

    async def _begin(self) -> None:
        """Find where the stream is: what has come meanwhile may be before or after that."""
        try:
            async with within(_ANSWERED_WITHIN):
                (self._start,) = await self.store.heads([self.group])
        except Exception as error:
            raise ChannelLayerError("The history cannot be read. Subscribe again.") from error
        self.position = self._start
        early, self._early = self._early, None
        for message in early or ():
            self.put(message)
        if not self.store.tells_all and not self._closed:
            _Lookout.current().add(self)

    def put(self, message: Message) -> None:
        """Hand a message on, unless others must come before it."""
        if "at" not in message:  # Of a version that knows no history.
            super().put(message)
        elif self._early is not None:
            self._early.append(message)
        else:
            at = Position(*message["at"])
            if self.store.tells_all or at == (self.position.epoch, self.position.offset + 1):
                self._hand_on(message, at)
            elif at.epoch != self.position.epoch or at.offset > self.position.offset:
                self.fill()

    def _hand_on(self, message: Message, at: Position) -> None:
        if at.epoch != self.position.epoch or at.offset > self.position.offset:
            self.position = at  # The events of two threads may change places in memory.
        message["stream"] = self.group
        super().put(message)

    def look(self, head: Position) -> None:
        """Read what is missing, if the last event of the stream is another."""
        if head != self.position:
            self.fill()

    def fill(self) -> None:
        """Read what is missing."""
        if self._filling is None and not self._closed:
            self._filling = asyncio.create_task(self._fill())
            self._filling.add_done_callback(self._filled)

    async def _fill(self) -> None:
        while not self._closed:
            async with within(_ANSWERED_WITHIN):
                page = await self.store.page(self.group, self.position)
            for message in page.messages:
                at = Position(*message["at"])
                if at.epoch != self.position.epoch or at.offset > self.position.offset:
                    self._hand_on(message, at)
            if not page.messages:
                if page.missed:  # Whoever reads finds a gap, and nothing behind it.
                    self._hand_on({"at": [*page.head]}, page.head)
                return

    def _filled(self, filling: asyncio.Task[None]) -> None:
        self._filling = None
        if not filling.cancelled() and (error := filling.exception()) is not None:
            logger.warning("The history of a topic cannot be read now: %r", error)

    async def page(self, after: Position) -> Page:
        """Read the events after a position, for one subscriber.

        Raises:
            TimeoutError: Redis does not answer.
            Exception: it has failed.
        """
        async with within(_ANSWERED_WITHIN):
            return await self.store.page(self.group, after)

    def fail(self, error: Exception) -> None:
        """Join again: what is missed meanwhile is read."""
        if self._closed or self._member is None:
            return
        logger.warning("A topic with a history goes on without its channel layer: %s", error)
        asyncio.get_running_loop().call_later(_JOIN_AGAIN, self._join_again, self._member)

    def _join_again(self, former: Membership) -> None:
        if self._closed or self._member is not former:
            return
        former.end()
        self._listening.__exit__(None, None, None)
        member = self._listen()
        joining = asyncio.ensure_future(member.joined(_ANSWERED_WITHIN))
        joining.add_done_callback(lambda joined: self._joined_again(member, joined))

    def _joined_again(self, member: Membership, joined: asyncio.Future[None]) -> None:
        if joined.cancelled():
            return
        error = joined.exception()  # Asked for in any case, or asyncio tells of it.
        if self._closed:
            return
        if error is None:
            self.fill()
        elif isinstance(error, Exception) and self._member is member:
            self.fail(error)

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self.store.release(self.group)
            _Lookout.current().remove(self)
            if self._filling is not None:
                self._filling.cancel()
        super()._close()


def _note_failure(task: asyncio.Task[None]) -> None:
    """Keep asyncio from telling of an error, if who waited for it was cancelled."""
    if not task.cancelled():
        task.exception()


class _Lookout:
    """Looks for events whose copies were lost, for all streams of one event loop."""

    def __init__(self) -> None:
        self._feeds: dict[Store, dict[StreamFeed, None]] = {}
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def current(cls) -> _Lookout:
        return _loops.setdefault(asyncio.get_running_loop(), cls())

    def add(self, feed: StreamFeed) -> None:
        self._feeds.setdefault(feed.store, {})[feed] = None
        if self._task is None:
            self._task = asyncio.create_task(self._look())

    def remove(self, feed: StreamFeed) -> None:
        of_store = self._feeds.get(feed.store)
        if of_store is not None and of_store.pop(feed, feed) is None and not of_store:
            del self._feeds[feed.store]
        if not self._feeds and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _look(self) -> None:
        away = False
        while True:
            await asyncio.sleep(_LOOK)
            for store, of_store in list(self._feeds.items()):
                feeds = list(of_store)
                try:
                    async with within(_ANSWERED_WITHIN):
                        heads = await store.heads([feed.group for feed in feeds])
                except Exception as error:
                    if not away:
                        logger.warning("Redis does not tell the last events of topics: %r", error)
                    away = True
                    continue
                away = False
                for feed, head in zip(feeds, heads, strict=True):
                    feed.look(head)


_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Lookout] = WeakKeyDictionary()
