"""How a message is given to the channel layer, from asynchronous and from synchronous code.

Imports its siblings and the ground modules. A layer keeps its connections for an event loop, and
synchronous code has none that lasts: the threads of a process share one connection of their own.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Coroutine
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from .._upstream.hosts import published_by
from ..exceptions import ChannelLayerError
from ..waiting import within
from .channel import failure_of
from .feeds import is_embedded, layer_of, tell_all
from .hosts import Hosts
from .messages import Message
from .store import Store

logger = logging.getLogger("strawberry_django.realtime")

#: Seconds for which the layer may take a message.
SENT_WITHIN = 4.0

#: And the copy of one that its history has.
_WOKEN_WITHIN = 1.0

#: Seconds for which threads do not ask a layer again that has not answered.
_REST = 5.0

#: How many events of a loop's own thread may wait for the layer.
_MOST_WAITING = 10_000


class LayerSilentError(ChannelLayerError):
    """The layer has not answered in time."""

    def __init__(self) -> None:
        super().__init__("The channel layer does not answer: an event was not sent, or is late.")


class Address(NamedTuple):
    """Where a message goes.

    Attributes:
        alias: the name of the layer in `CHANNEL_LAYERS`.
        group: the group.
        store: keeps it first, if its topic has a history.
    """

    alias: str
    group: str
    store: Store | None = None


async def send(address: Address, message: Message) -> None:
    """Give a message to the layer, after those that synchronous code of this loop has left.

    Raises:
        ChannelLayerError: there is no layer, or it has failed, or it does not answer.
    """
    if _sent_here(address, message):
        return
    waiting = _waiting.get(asyncio.get_running_loop())
    if waiting is not None:
        await waiting.sent()
    await _send(address, message)


def send_sync(address: Address, message: Message) -> None:
    """Give a message to the layer from synchronous code, and wait until it has it.

    On the thread of a running event loop nobody can wait: it is sent in its turn, and a failure
    is logged.

    Raises:
        ChannelLayerError: as with `send`, but for a running event loop's thread.
    """
    if _sent_here(address, message):
        return
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        _threads.run(address, message)
        return
    waiting = _waiting.get(loop)
    if waiting is None:
        waiting = _waiting[loop] = _Waiting()
    waiting.append(address, message)


def _sent_here(address: Address, message: Message) -> bool:
    """Hand a message on if it stays in this process; tell whether it does."""
    alias, group, store = address
    if not is_embedded(layer_of(alias)) or not (store is None or store.tells_all):
        return False
    if store is None:
        tell_all(alias, group, message)
    else:
        store.append_sync(group, message, partial(tell_all, alias, group))
    return True


async def _send(address: Address, message: Message) -> None:
    alias, group, store = address
    try:
        async with within(SENT_WITHIN):
            if store is None:
                await _hand_over(alias, group, message)
                return
            told: Message = await store.append(group, message, _same)
    except asyncio.TimeoutError:
        logger.error("The channel layer has not taken an event for %g s", SENT_WITHIN)
        raise LayerSilentError from None
    except ChannelLayerError:
        raise
    except Exception as error:
        failure_of(error)
        raise ChannelLayerError("The channel layer failed: an event was not sent.") from error
    await _wake(alias, group, told)


async def _hand_over(alias: str, group: str, message: Message) -> None:
    layer = layer_of(alias)
    if is_embedded(layer):
        tell_all(alias, group, message)
    else:
        await layer.group_send(group, message)


async def _wake(alias: str, group: str, message: Message) -> None:
    """Carry the copy of an event that its history has: without it readers are some seconds late."""
    try:
        async with within(_WOKEN_WITHIN):
            await _hand_over(alias, group, message)
    except Exception as error:
        logger.warning("The channel layer has not carried an event of a history: %r", error)


def _same(message: Message) -> Message:
    return message


class _Waiting:
    """What synchronous code on a loop's own thread has published, in order."""

    def __init__(self) -> None:
        self._messages: deque[tuple[Address, Message, asyncio.Future[None]]] = deque()
        self._sending: asyncio.Task[None] | None = None

    def append(self, address: Address, message: Message) -> None:
        if len(self._messages) >= _MOST_WAITING:
            raise LayerSilentError
        sent = asyncio.get_running_loop().create_future()
        self._messages.append((address, message, sent))
        if self._sending is None:
            self._sending = asyncio.ensure_future(self._send_all())

    async def sent(self) -> None:
        """Wait until what was left before now is sent, and not for what comes meanwhile.

        Raises:
            ChannelLayerError: the layer does not answer.
        """
        if self._sending is None:
            return
        last = self._messages[-1][-1] if self._messages else self._under_way
        await asyncio.wait([last], timeout=SENT_WITHIN)
        if last.cancelled() or not last.done():
            raise LayerSilentError

    async def _send_all(self) -> None:
        try:
            while self._messages:
                address, message, self._under_way = self._messages.popleft()
                began = time.monotonic()
                try:
                    await _send(address, message)
                except ChannelLayerError as error:
                    # If that has taken long, each of the others would take as long.
                    lost = [*self._messages] if _took_long(began) else []
                    logger.error(
                        "Events of publish_sync were not sent (%d): %s", 1 + len(lost), error
                    )
                    for *_, sent in lost:
                        sent.cancel()
                        self._messages.popleft()
                self._under_way.set_result(None)
        finally:
            self._sending = None


def _took_long(began: float) -> bool:
    """Tell whether a failure was a wait in vain: a Redis client may have a timeout of its own."""
    return time.monotonic() - began > SENT_WITHIN / 10


class _Threads:
    """How the threads of this process send: one at a time, and over one connection.

    To the pub/sub layer's Redis they publish as it does, without its event loop. For any other
    layer there is a loop that lasts.

    When the layer has not answered one of them, the others do not wait in vain one after the other:
    until the layer has had a rest, they fail at once.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rests_until: dict[str, float] = {}

    def run(self, address: Address, message: Message) -> None:
        alias = address.alias
        if not self._turn.acquire(timeout=SENT_WITHIN):
            raise LayerSilentError
        try:
            if time.monotonic() < self._rests_until.get(alias, 0.0):
                raise LayerSilentError
            began = time.monotonic()
            try:
                self._send(address, message)
            except ChannelLayerError:
                if _took_long(began):
                    self._rests_until[alias] = time.monotonic() + _REST
                raise
        finally:
            self._turn.release()

    def _send(self, address: Address, message: Message) -> None:
        alias, group, store = address
        if store is None:
            if not _published(layer_of(alias), group, message):
                self._in_loop(_send(address, message))
            return
        try:
            told: Message = store.append_sync(group, message, _same)
        except Exception as error:
            failure_of(error)
            raise ChannelLayerError("The history has failed: an event was not sent.") from error
        try:
            if _published(layer_of(alias), group, told):
                return
        except ChannelLayerError as error:
            logger.warning("The channel layer has not carried an event of a history: %r", error)
            return
        self._in_loop(_wake(alias, group, told))

    def _in_loop(self, sending: Coroutine[Any, Any, None]) -> None:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(sending)

    def forget(self) -> None:
        """Begin anew in a process that was forked: the connections are the other one's."""
        self._turn = threading.Lock()
        self._loop = None


def _published(layer: Any, group: str, message: Message) -> bool:
    """Publish to the pub/sub layer's Redis; tell whether it is one."""
    known = published_by(layer, group, message)
    if known is None:
        return False
    host, channel, content = known
    try:
        hosts = Hosts.of(layer)
        assert hosts is not None
        hosts.sync(host, SENT_WITHIN).publish(channel, content)
    except Exception as error:
        failure_of(error)
        raise ChannelLayerError("The channel layer failed: an event was not sent.") from error
    return True


_waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting] = WeakKeyDictionary()
_threads = _Threads()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.forget)
