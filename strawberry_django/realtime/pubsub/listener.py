"""Listening on a channel layer from inside a resolver.

Imports the ground modules only. A consumer has one `ChannelListener`, which makes
a channel and starts to receive when a resolver listens. A request or a socket that
never listens has nothing to do with the channel layer, and so is not harmed when
that is down.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal

from channels.layers import get_channel_layer

from .._upstream import enrol_channel, name_channel
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


class Channel:
    """A channel of the layer, and the subscriptions that receive by it.

    A message reaches each subscription that listens for its type, and once, through whatever group
    it came. What comes before the first of them listens waits for it, at most `capacity` messages:
    code that joins a group by hand does so before it listens.
    """

    def __init__(self, layer: Any, name: str, capacity: int) -> None:
        self.name = name
        self.failed = False
        self._layer = layer
        self._listeners: set[Messages] = set()
        self._early: deque[Message] | None = deque(maxlen=capacity)
        self._groups: Counter[str] = Counter()
        self._turn = asyncio.Lock()  # A join must not be overtaken by the leave before it.

    async def receive(self) -> None:
        """Hand on what comes, until the layer fails."""
        try:
            while True:
                message = await _asked(self._layer.receive(self.name))
                if self._early is not None:
                    self._early.append(message)
                for listener in self._listeners:
                    listener.put(message)
        except ChannelLayerError as failure:
            self.failed = True
            for listener in self._listeners:
                listener.fail(failure)

    @contextmanager
    def heard_by(self, messages: Messages) -> Iterator[None]:
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
            await _asked(self._layer.group_add(group, self.name))
            self._groups[group] += 1

    async def leave(self, group: str) -> None:
        """Leave `group`, unless another subscription is in it."""
        async with self._turn:
            self._groups[group] -= 1
            if self._groups[group]:
                return
            try:
                await self._layer.group_discard(group, self.name)
            except Exception as error:
                logger.warning("Could not leave the group %r: %r", group, error)


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
        self._tasks: set[asyncio.Task[None]] = set()
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
            self._shared = Channel(layer, name_channel(layer), self._capacity)
            self._start(_receive_named(layer, self._shared))
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
        layer = self.layer
        messages = Messages(type, timeout, self._capacity, self._overflow, self._on_overflow)
        channel, receiver = self._shared, None
        if channel is None or channel.failed:
            channel = Channel(layer, await _asked(layer.new_channel()), self._capacity)
            receiver = self._start(channel.receive())
        joined: list[str] = []
        renewal: asyncio.Task[None] | None = None
        try:
            with channel.heard_by(messages):
                for group in groups:
                    await channel.join(group)
                    joined.append(group)
                if groups:
                    renewal = self._start(_renew(layer, groups, channel.name))
                yield messages
        finally:
            if renewal is not None:
                await self._end(renewal)
            for group in joined:
                await channel.leave(group)
            if receiver is not None:
                await self._end(receiver)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        return task

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


async def _receive_named(layer: Any, channel: Channel) -> None:
    enrol_channel(layer, channel.name)
    await channel.receive()


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
