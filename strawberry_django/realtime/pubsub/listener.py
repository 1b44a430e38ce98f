"""Listening on a channel layer from inside a resolver.

Imports the ground modules only. A consumer has one `ChannelListener`, which makes
a channel and starts to receive when a resolver listens. A request or a socket that
never listens has nothing to do with the channel layer, and so is not harmed when
that is down.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from channels.layers import get_channel_layer

from ..exceptions import ChannelLayerError, ListenerOverflowError

logger = logging.getLogger("strawberry_django.realtime")

Message = dict[str, Any]

#: Seconds after which a receiver that goes on in spite of its cancellation is cancelled again.
_CANCEL_AGAIN = 0.2

#: Seconds after which a layer forgets who is in a group, where it does not say (Channels' own
#: default), and how often in that time the membership is renewed.
_GROUP_EXPIRY, _RENEWALS = 86400, 24

Overflow = Literal["close", "drop_oldest", "latest"]


class Messages(AsyncIterator[Message]):
    """The messages of one type that wait for one subscription, at most `capacity`.

    When there are more, `overflow` says what happens: with `"close"` the iteration
    ends with an error, with `"drop_oldest"` the oldest is lost, with `"latest"` all
    but the newest are.
    """

    def __init__(
        self,
        type: str,
        timeout: float | None,
        capacity: int,
        overflow: Overflow = "close",
        on_overflow: Callable[[ListenerOverflowError], None] = lambda _: None,
    ) -> None:
        self._type = type
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
                error = ListenerOverflowError(self._type, self._capacity)
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


class ChannelListener:
    """One consumer's ear on a channel layer.

    Each subscription has a channel of its own: a message does not say which group
    it came through, and two subscriptions of one socket must not hear each other's.

    Args:
        alias: the name of the layer in `CHANNEL_LAYERS`.
        capacity: how many messages may wait for one subscription.
        overflow: what happens when more wait; see `Messages`.
        on_overflow: called when a subscription ends because more wait.
    """

    def __init__(
        self,
        alias: str,
        capacity: int,
        overflow: Overflow = "close",
        on_overflow: Callable[[ListenerOverflowError], None] = lambda _: None,
    ) -> None:
        self._alias = alias
        self._capacity = capacity
        self._overflow: Overflow = overflow
        self._on_overflow = on_overflow
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def layer(self) -> Any:
        """The channel layer.

        Raises:
            ChannelLayerError: `CHANNEL_LAYERS` has no layer of this alias.
        """
        layer = get_channel_layer(self._alias)
        if layer is None:
            raise ChannelLayerError(
                f"CHANNEL_LAYERS has no {self._alias!r} layer to listen to. "
                "Configure one in settings.py."
            )
        return layer

    @asynccontextmanager
    async def listen(
        self,
        type: str,
        *,
        timeout: float | None = None,
        groups: Sequence[str] = (),
    ) -> AsyncIterator[AsyncIterator[Message]]:
        """Receive the layer's messages of `type` inside the block.

        Messages sent after the block is entered are not missed.

        Args:
            type: the `"type"` of the messages to receive.
            timeout: seconds to wait for a message before the iteration ends;
                `None` waits for ever.
            groups: the groups to be a member of inside the block.

        Raises:
            ChannelLayerError: there is no layer, or it failed.
            ListenerOverflowError: in the iteration, when more messages wait than
                the option `listener_capacity` allows.
        """
        layer = self.layer
        messages = Messages(type, timeout, self._capacity, self._overflow, self._on_overflow)
        channel: str = await _asked(layer.new_channel())
        receiver = asyncio.create_task(_receive(layer, channel, messages))
        self._tasks.add(receiver)
        joined: list[str] = []
        renewal: asyncio.Task[None] | None = None
        try:
            for group in groups:
                await _asked(layer.group_add(group, channel))
                joined.append(group)
            if groups:
                renewal = asyncio.create_task(_renew(layer, groups, channel))
                self._tasks.add(renewal)
            yield messages
        finally:
            if renewal is not None:
                await self._end(renewal)
            for group in joined:
                await _leave(layer, group, channel)
            await self._end(receiver)

    async def aclose(self) -> None:
        """Stop receiving, and wait until that has ended."""
        for task in list(self._tasks):
            await self._end(task)

    async def _end(self, task: asyncio.Task[None]) -> None:
        while not task.done():
            # channels_redis may lose a cancellation that comes just after a message.
            task.cancel()
            await asyncio.wait([task], timeout=_CANCEL_AGAIN)
        self._tasks.discard(task)


async def _asked(answer: Awaitable[Any]) -> Any:
    """Return the answer of the layer.

    Raises:
        ChannelLayerError: it has failed.
    """
    try:
        return await answer
    except Exception as error:
        logger.error("The channel layer failed: %r", error)
        raise ChannelLayerError(
            "The channel layer failed, and messages may be lost. Subscribe again."
        ) from error


async def _renew(layer: Any, groups: Sequence[str], channel: str) -> None:
    """Join the groups again and again, on a clock of its own: members expire, busy or not."""
    pause = getattr(layer, "group_expiry", _GROUP_EXPIRY) / _RENEWALS
    while True:
        await asyncio.sleep(pause)
        try:
            for group in groups:
                await layer.group_add(group, channel)
        except Exception as error:
            logger.warning("Could not renew the membership of %r: %r", groups, error)


async def _leave(layer: Any, group: str, channel: str) -> None:
    try:
        await layer.group_discard(group, channel)
    except Exception as error:
        logger.warning("Could not leave the group %r: %r", group, error)


async def _receive(layer: Any, channel: str, messages: Messages) -> None:
    try:
        while True:
            messages.put(await _asked(layer.receive(channel)))
    except ChannelLayerError as failure:
        messages.fail(failure)
