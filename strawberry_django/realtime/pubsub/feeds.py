"""One subscription to the channel layer for each topic and key, however many listen to it here.

Imports its siblings and the ground modules. A feed begins with its first subscriber and ends with
its last; who comes while it ends begins another, with a channel of its own. So no join can be
overtaken by a leave.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, ref

from channels.layers import InMemoryChannelLayer, get_channel_layer

from ..exceptions import ChannelLayerError
from .channel import Channel
from .member import Membership
from .messages import Listener, Message

#: Seconds for which a subscription waits until the layer has its feed, and then for its end.
_JOINED_WITHIN, _LEFT_WITHIN = 30.0, 1.0


class Feed:
    """What comes of one group of the layer, for all that listen to it in this event loop.

    Args:
        alias: the name of the layer in `CHANNEL_LAYERS`.
        layer: the layer.
        group: the group.
        end: called when it has no subscriber any more, or the layer has failed.
    """

    def __init__(self, alias: str, layer: Any, group: str, end: Callable[[Feed], None]) -> None:
        self.group = group
        self._alias = alias
        self._layer = layer
        self._end = end
        self._subscribers: dict[Listener, None] = {}
        self._channel: Channel | None = None
        self._member: Membership | None = None
        if not is_embedded(layer):
            self._listen()

    def _listen(self) -> Membership:
        # What comes is handed on at once: nothing waits in the channel itself.
        self._channel = Channel(self._layer, 1)
        self._listening = self._channel.heard_by(self)
        self._listening.__enter__()
        self._member = Membership(self._channel, self._alias, [self.group], own=True)
        return self._member

    async def join(self, subscriber: Listener) -> None:
        """Let `subscriber` have what is sent from now on.

        Raises:
            ChannelLayerError: the layer has failed, or has not answered in time.
        """
        self._subscribers[subscriber] = None
        if self._member is not None:
            await self._member.joined(_JOINED_WITHIN)

    def remove(self, subscriber: Listener) -> Membership | None:
        """Let it have no more, whether it has joined or was still about to.

        Returns:
            What ends with the last one; see `left`.
        """
        if self._subscribers.pop(subscriber, self) is self or self._subscribers:
            return None
        self._close()
        if self._member is not None:
            self._member.end()
        return self._member

    def _close(self) -> None:
        self._end(self)
        if self._channel is not None:
            self._listening.__exit__(None, None, None)

    def put(self, message: Message) -> None:
        """Hand a message on."""
        for subscriber in list(self._subscribers):
            subscriber.put(message)

    def fail(self, error: Exception) -> None:
        """Tell every subscriber that the layer has failed; who comes then begins another feed."""
        self._end(self)
        for subscriber in list(self._subscribers):
            subscriber.fail(error)


async def left(members: Iterable[Membership | None]) -> None:
    """Wait a moment until the layer has forgotten us."""
    going_on = [member.leave(_LEFT_WITHIN) for member in members if member is not None]
    await asyncio.gather(*going_on)


class Feeds:
    """The feeds of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = ref(loop)  # The loop is the key by which this is kept.
        self._feeds: dict[tuple[str, str], Feed] = {}

    @classmethod
    def current(cls) -> Feeds:
        """Return those of the running event loop."""
        loop = asyncio.get_running_loop()
        feeds = _loops.get(loop)
        if feeds is None:
            with _lock:
                feeds = _loops[loop] = cls(loop)
        return feeds

    def of(self, alias: str, group: str, make: Callable[..., Feed] = Feed) -> Feed:
        """Return the feed of a group, which `make` makes now if there is none.

        Raises:
            ChannelLayerError: there is no layer of this alias.
        """
        feed = self._feeds.get((alias, group))
        if feed is None:
            feed = make(alias, layer_of(alias), group, lambda ended: self._forget(alias, ended))
            self._feeds[alias, group] = feed
        return feed

    def _forget(self, alias: str, feed: Feed) -> None:
        if self._feeds.get((alias, feed.group)) is feed:
            del self._feeds[alias, feed.group]

    def tell(self, alias: str, group: str, message: Message) -> None:
        """Hand on a message of the embedded layer; callable from any thread."""
        if (alias, group) in self._feeds:
            loop = self._loop()
            if _is_running(loop):
                self._tell(alias, group, message)
            elif loop is not None:
                loop.call_soon_threadsafe(self._tell, alias, group, message)

    def _tell(self, alias: str, group: str, message: Message) -> None:
        feed = self._feeds.get((alias, group))
        if feed is not None:
            feed.put(message)


def layer_of(alias: str) -> Any:
    """Return a channel layer.

    Raises:
        ChannelLayerError: `CHANNEL_LAYERS` has none of this alias.
    """
    with _lock:  # Two threads that ask first would make one each, with connections of its own.
        layer = get_channel_layer(alias)
    if layer is None:
        raise ChannelLayerError(
            f"CHANNEL_LAYERS has no {alias!r} layer for topics. Configure one in settings.py."
        )
    return layer


def is_embedded(layer: Any) -> bool:
    """Tell whether a layer is Channels' own in-memory layer.

    Nobody is behind it but this process, so events need no queue of the layer's, which loses in
    silence what is beyond its capacity, and which belongs to one event loop.
    """
    return type(layer) is InMemoryChannelLayer


def tell_all(alias: str, group: str, message: Message) -> None:
    """Hand a message to the feeds of a group in every event loop of this process."""
    with _lock:
        loops = list(_loops.values())
    for feeds in loops:
        with suppress(RuntimeError):  # The loop was closed with a subscription open.
            feeds.tell(alias, group, message)


def _is_running(loop: asyncio.AbstractEventLoop | None) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Feeds] = WeakKeyDictionary()
_lock = threading.Lock()
