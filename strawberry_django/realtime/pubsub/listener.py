"""Listening on a channel layer from inside a resolver.

Imports its siblings and the ground modules. A consumer has one `ChannelListener`, which
makes a channel and starts to receive when a resolver listens. A request or a socket that
never listens has nothing to do with the channel layer, and so is not harmed when that is
down.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from channels.layers import get_channel_layer

from .._upstream.layers import name_channel
from ..conf import Overflow
from ..exceptions import ChannelLayerError, ListenerOverflowError
from .channel import Channel
from .listening import current_listening
from .member import Membership
from .messages import Message, Messages

#: Seconds for which a subscription waits until the layer has made it a member of its groups.
_JOINED_WITHIN = 30.0

#: Seconds for which a subscription that ends waits until it has left them; then it goes on alone.
_LEFT_WITHIN = 1.0


class ChannelListener:
    """One consumer's ear on a channel layer.

    Each subscription has a channel of its own: a message does not say which group
    it came through, and two subscriptions of one socket must not hear each other's.
    Those that begin after `channel_name` was read share that channel.

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
        self._shared: Channel | None = None

    @property
    def channel_name(self) -> str:
        """The name of a channel that all subscriptions share which begin from now on.

        Raises:
            ChannelLayerError: there is no layer, or no event loop runs in this thread.
        """
        if self._shared is None or self._shared.failed:
            layer = self.layer
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                raise ChannelLayerError(
                    "channel_name is for asynchronous code: read it in an async resolver."
                ) from None
            self._shared = Channel(layer, self._capacity, name_channel(layer))
            self._shared.begin()
            self._begin(self._shared, (), own=True)
        return self._shared.name

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
        channel, own = self._shared, False
        if channel is None or channel.failed:
            channel, own = Channel(self.layer, self._capacity), True
        with channel.heard_by(messages):
            member = self._begin(channel, groups, own=own)
            try:
                await member.joined(_JOINED_WITHIN)
                current_listening().begun(None, None)
                yield messages
            finally:
                self._members.discard(member)
                await member.leave(_LEFT_WITHIN)

    def _begin(self, channel: Channel, groups: Sequence[str], *, own: bool) -> Membership:
        member = Membership(channel, self._alias, groups, own=own)
        self._members.add(member)
        return member

    async def aclose(self) -> None:
        """Stop receiving, and wait a moment until that has ended."""
        members, self._members = self._members, set()
        await asyncio.gather(*(member.leave(_LEFT_WITHIN) for member in members))
