"""One channel of a channel layer, from its making to its end.

Imports its sibling `messages` and the ground modules.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._upstream.layers import (
    channels_share_a_key,
    enrol_channel,
    forget_channel,
    holds_channel,
    is_undecodable,
    make_channel,
    pool_is_full,
)
from ..exceptions import ChannelLayerError
from .messages import Listener, Message

logger = logging.getLogger("strawberry_django.realtime")

#: Seconds after which a receiver that goes on in spite of its cancellation is cancelled again.
_CANCEL_AGAIN = 0.2

#: Seconds after which messages that were on their way to a channel that has ended are forgotten:
#: most of them, those for a busy process, and all (Channels keeps them for 60 s).
_LATE = (5.0, 15.0, 65.0)

#: Seconds for which a message that is dropped for the same reason is not logged again.
_SAME_DROP = 60.0


class Channel:
    """A channel of the layer, and the subscriptions that receive by it.

    A message reaches each subscription that listens for its type, and once, through whatever group
    it came. What comes before the first of them listens waits for it, at most `capacity` messages:
    code that joins a group by hand does so before it listens.

    Its methods ask the layer, and must not be cancelled: see `member`.

    Args:
        layer: the channel layer.
        capacity: how many messages may wait for the first subscription.
        name: the channel's name, if it has one already (see `name_channel`).

    Attributes:
        failed: the layer has failed, and nothing comes any more.
    """

    def __init__(self, layer: Any, capacity: int, name: str = "") -> None:
        self.layer = layer
        self.name = name
        self.failed = False
        self._listeners: set[Listener] = set()
        self._early: deque[Message] | None = deque(maxlen=capacity)
        self._groups: Counter[str] = Counter()
        self._turn = asyncio.Lock()  # A join must not be overtaken by the leave before it.
        self._receiver: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it receives, or did."""
        return self._receiver is not None

    async def open(self) -> None:
        """Have the layer make the channel, and begin to receive."""
        self.name = await make_channel(self.layer)
        self._receiver = asyncio.create_task(self._receive())

    def begin(self) -> None:
        """Begin to receive by the name that the channel was given."""
        self._receiver = asyncio.create_task(self._receive_named())

    @contextmanager
    def heard_by(self, messages: Listener) -> Iterator[None]:
        """Let `messages` have what comes inside the block."""
        early, self._early = self._early, None
        for message in early or ():
            messages.put(message)
        self._listeners.add(messages)
        try:
            yield
        finally:
            self._listeners.discard(messages)

    async def join(self, group: str) -> None:
        """Become a member of `group`, for one subscription more."""
        async with self._turn:
            self._groups[group] += 1  # Noted first: a failure may come after it was done.
            await self.layer.group_add(group, self.name)

    async def renew(self, group: str) -> None:
        """Remain a member of `group`."""
        await self.layer.group_add(group, self.name)

    async def leave(self, group: str) -> None:
        """Leave `group`, unless another subscription is in it."""
        async with self._turn:
            self._groups[group] -= 1
            if self._groups[group]:
                return
            del self._groups[group]
            try:
                await self.layer.group_discard(group, self.name)
            except Exception as error:
                logger.warning("Could not leave the group %r: %r", group, error)

    async def close(self) -> None:
        """Stop to receive, and have nothing left in the layer."""
        if self._receiver is None:
            return
        await self._stop(self._receiver)
        while holds_channel(self.layer, self.name):
            # It was cancelled before it waited for a message.
            again = asyncio.create_task(self.layer.receive(self.name))
            await asyncio.sleep(0)
            await self._stop(again)
        forget_channel(self.layer, self.name)
        if channels_share_a_key(self.layer):
            loop = asyncio.get_running_loop()
            for late in _LATE:
                loop.call_later(late, forget_channel, self.layer, self.name)

    async def _stop(self, receiver: asyncio.Task[Any]) -> None:
        receiver.cancel()
        while not (await asyncio.wait([receiver], timeout=_CANCEL_AGAIN))[0]:
            if holds_channel(self.layer, self.name) is False:
                await asyncio.wait([receiver])  # It is giving the channel back.
            else:
                # channels_redis may lose a cancellation that comes just after a message.
                receiver.cancel()

    async def _receive_named(self) -> None:
        enrol_channel(self.layer, self.name)
        await self._receive()

    async def _receive(self) -> None:
        """Hand on what comes, until the layer fails."""
        while await self._take():
            pass

    async def _take(self) -> bool:
        """Wait for a message, and tell whether another may follow."""
        try:
            message = await self.layer.receive(self.name)
        except Exception as error:
            if not is_undecodable(error):
                self._fail(failure_of(error))
                return False
            self._log_drop(error)
        else:
            if isinstance(message, dict):
                self._hand_on(message)
            else:
                self._log_drop(TypeError(f"it is a {type(message).__name__}"))
        return True

    def _hand_on(self, message: Message) -> None:
        if self._early is not None:
            self._early.append(message)
        for listener in self._listeners:
            listener.put(message)

    def _fail(self, failure: ChannelLayerError) -> None:
        self.failed = True
        for listener in self._listeners:
            listener.fail(failure)

    def _log_drop(self, why: Exception) -> None:
        """Log that a message was dropped: once, however many subscriptions it was sent to."""
        global _last_drop
        channel, receivers = self.name, f"the groups {', '.join(self._groups)}"
        if channels_share_a_key(self.layer):
            # Whoever's turn it was has taken it from Redis: it may have been for another.
            channel = receivers = f"{channel.partition('!')[0]}!…"
        drop, now = (receivers, repr(why)), time.monotonic()
        if _last_drop[0] != drop or now - _last_drop[1] > _SAME_DROP:
            _last_drop = drop, now
            logger.error(
                "A message to the channel %s (%s) was dropped, for it cannot be decoded: %s. "
                "An event is a dict whose keys, at every depth, are strings.",
                channel,
                *drop,
            )


def failure_of(error: Exception) -> ChannelLayerError:
    """Log that the layer has failed, and return what the subscription is told."""
    if pool_is_full(error):
        logger.error(
            "The channel layer failed: %r. Give its host in CHANNEL_LAYERS a higher "
            "max_connections.",
            error,
        )
        failure = ChannelLayerError(
            "The server has too many connections to its channel layer just now. Subscribe again."
        )
    else:
        logger.error("The channel layer failed: %r", error)
        failure = ChannelLayerError(
            "The channel layer failed, and messages may be lost. Subscribe again."
        )
    failure.__cause__ = error
    return failure


_last_drop: tuple[tuple[str, str], float] = (("", ""), 0.0)
