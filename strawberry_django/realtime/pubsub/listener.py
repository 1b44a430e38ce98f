"""Listening on a channel layer from inside a resolver.

Imports its sibling `member` and the ground modules. A consumer has one
`ChannelListener`, which makes a channel and starts to receive when a resolver
listens. A request or a socket that never listens has nothing to do with the channel
layer, and so is not harmed when that is down.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from channels.layers import get_channel_layer

from ..exceptions import ChannelLayerError, ListenerOverflowError
from .member import Membership, Message

#: Seconds for which a subscription waits until the layer has made it a member of its groups.
_JOINED_WITHIN = 30.0

#: Seconds for which a subscription that ends waits until it has left them; then it goes on alone.
_LEFT_WITHIN = 1.0

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
        self._members: set[Membership] = set()

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
        messages = Messages(type, timeout, self._capacity, self._overflow, self._on_overflow)
        member = Membership(self.layer, self._alias, groups, messages.put, messages.fail)
        self._members.add(member)
        try:
            await member.joined(_JOINED_WITHIN)
            yield messages
        finally:
            self._members.discard(member)
            await member.leave(_LEFT_WITHIN)

    async def aclose(self) -> None:
        """Stop receiving, and wait a moment until that has ended."""
        members, self._members = self._members, set()
        await asyncio.gather(*(member.leave(_LEFT_WITHIN) for member in members))
