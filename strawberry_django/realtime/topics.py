"""Listening on a channel layer from inside a resolver.

Imports the ground modules only. A consumer has one `ChannelListener`, which makes
a channel and starts to receive when the first resolver listens. A request or a
socket that never listens has nothing to do with the channel layer, and so is not
harmed when that is down.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from channels.layers import get_channel_layer

from .exceptions import ChannelLayerError, ListenerOverflowError
from .threads import release_thread

logger = logging.getLogger("strawberry_django.realtime")

Message = dict[str, Any]

#: Seconds after which a receiver that goes on in spite of its cancellation is cancelled again.
_CANCEL_AGAIN = 0.2

Overflow = Literal["close", "drop_oldest", "latest"]


class Messages(AsyncIterator[Message]):
    """The messages of one type that wait for one subscription, at most `capacity`.

    When there are more, `overflow` says what happens: with `"close"` the iteration
    ends with an error, with `"drop_oldest"` the oldest is lost, with `"latest"` all
    but the newest are.
    """

    def __init__(
        self, type: str, timeout: float | None, capacity: int, overflow: Overflow = "close"
    ) -> None:
        self._type = type
        self._timeout = timeout
        self._capacity = capacity
        self._overflow = overflow
        self._waiting: deque[Message] = deque()
        self._changed = asyncio.Event()
        self._failure: Exception | None = None

    def put(self, message: Message) -> None:
        """Let the subscription have `message`; if it is full, do as `overflow` says."""
        if len(self._waiting) >= self._capacity:
            if self._overflow == "close":
                self.fail(ListenerOverflowError(self._type, self._capacity))
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
            await release_thread()
            try:
                await asyncio.wait_for(self._changed.wait(), self._timeout)
            except asyncio.TimeoutError:
                raise StopAsyncIteration from None
        return self._waiting.popleft()


class ChannelListener:
    """One consumer's ear on a channel layer.

    Args:
        alias: the name of the layer in `CHANNEL_LAYERS`.
        capacity: how many messages may wait for one subscription.
        overflow: what happens when more wait; see `Messages`.
    """

    def __init__(self, alias: str, capacity: int, overflow: Overflow = "close") -> None:
        self._alias = alias
        self._capacity = capacity
        self._overflow: Overflow = overflow
        self._listeners: dict[str, list[Messages]] = {}
        self._memberships: Counter[tuple[str, str]] = Counter()
        self._lock = asyncio.Lock()
        self._channel: str | None = None
        self._receiver: asyncio.Task[None] | None = None

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

    async def channel(self) -> str:
        """Return the consumer's channel name, and receive on it from now on."""
        if self._channel is None or self._receiver is None or self._receiver.done():
            channel: str = await self.layer.new_channel()
            self._channel = channel
            self._receiver = asyncio.create_task(self._receive(channel))
        return self._channel

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
        messages = Messages(type, timeout, self._capacity, self._overflow)
        self._listeners.setdefault(type, []).append(messages)
        joined: list[tuple[str, str]] = []
        try:
            for group in groups:
                joined.append(await self._join(group))  # noqa: PERF401 - for those joined so far
            if not groups:
                async with self._lock:
                    await self.channel()
            yield messages
        finally:
            self._listeners[type].remove(messages)
            if not self._listeners[type]:
                del self._listeners[type]
            for membership in joined:
                await self._leave(membership)

    async def aclose(self) -> None:
        """Stop to receive, and wait until that has ended."""
        while self._receiver is not None and not self._receiver.done():
            # channels_redis may lose a cancellation that comes just after a message.
            self._receiver.cancel()
            await asyncio.wait([self._receiver], timeout=_CANCEL_AGAIN)

    async def _join(self, group: str) -> tuple[str, str]:
        """Become a member of `group`; return the group and the channel that is in it."""
        async with self._lock:
            channel = await self.channel()
            try:
                # Layers let a membership expire (`group_expiry`), so each join renews it.
                await self.layer.group_add(group, channel)
            except Exception as error:
                raise _layer_failure(error) from error
            self._memberships[group, channel] += 1
            return group, channel

    async def _leave(self, membership: tuple[str, str]) -> None:
        async with self._lock:
            self._memberships[membership] -= 1
            if self._memberships[membership]:
                return
            del self._memberships[membership]
            try:
                await self.layer.group_discard(*membership)
            except Exception as error:
                logger.warning("Could not leave the group %r: %r", membership[0], error)

    async def _receive(self, channel: str) -> None:
        try:
            while True:
                message: Message = await self.layer.receive(channel)
                for messages in self._listeners.get(message.get("type", ""), ()):
                    messages.put(message)
        except Exception as error:
            failure = _layer_failure(error)
            failure.__cause__ = error
            for listeners in self._listeners.values():
                for messages in listeners:
                    messages.fail(failure)


def _layer_failure(error: Exception) -> ChannelLayerError:
    """Log what went wrong with the layer, and return what a subscription is told."""
    logger.error("The channel layer failed: %r", error)
    return ChannelLayerError("The channel layer failed, and messages may be lost. Subscribe again.")
