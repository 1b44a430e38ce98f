"""One channel of a channel layer, from its making to its end, and the groups it is in.

Imports the ground modules only. Whoever listens may be cancelled at any moment, and a question
that channels_redis was asked must not be: given up halfway it leaves a channel, a membership or a
connection behind. So a task of its own asks them all, one after the other, to the end.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from .._upstream import (
    channels_share_a_key,
    forget_channel,
    is_receiving,
    is_undecodable,
    pool_is_full,
)
from ..exceptions import ChannelLayerError

logger = logging.getLogger("strawberry_django.realtime")

Message = dict[str, Any]

#: Seconds after which a receiver that goes on in spite of its cancellation is cancelled again.
_CANCEL_AGAIN = 0.2

#: Seconds after which a layer forgets who is in a group, where it does not say (Channels' own
#: default), and how often in that time the membership is renewed.
_GROUP_EXPIRY, _RENEWALS = 86400, 24

#: How many subscriptions of a process ask one layer at the same time: each takes a connection.
_AT_ONCE = 20

#: Seconds after which messages that were on their way to a channel that has ended are forgotten:
#: most of them, those for a busy process, and all (Channels keeps them for 60 s).
_LATE = (5.0, 15.0, 65.0)

#: Seconds for which a message that is dropped for the same reason is not logged again.
_SAME_DROP = 60.0


class Membership:
    """A channel that receives, and is a member of `groups`, until it is told to leave.

    Make it where an event loop runs; it begins at once.

    Args:
        layer: the channel layer.
        alias: its name in `CHANNEL_LAYERS`.
        groups: the groups to be a member of.
        put: called with each message.
        fail: called when the layer fails, after which no message comes.
    """

    def __init__(
        self,
        layer: Any,
        alias: str,
        groups: Sequence[str],
        put: Callable[[Message], None],
        fail: Callable[[Exception], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self._layer = layer
        self._groups = groups
        self._put = put
        self._fail = fail
        self._turn = _turns.setdefault(loop, defaultdict(_new_turn))[alias]
        self._asked = False
        self._joined: asyncio.Future[None] = loop.create_future()
        self._leaving: asyncio.Future[None] = loop.create_future()
        self._task = asyncio.create_task(self._live())
        _alive.add(self._task)
        self._task.add_done_callback(_alive.discard)

    async def joined(self, within: float) -> None:
        """Wait until it is a member: what is sent from then on is not missed.

        Args:
            within: seconds to wait.

        Raises:
            ChannelLayerError: the layer has failed, or not answered in time.
        """
        await asyncio.wait([self._joined], timeout=within)
        if not self._joined.done():
            logger.error("The channel layer has not answered for %g s", within)
            raise ChannelLayerError("The channel layer does not answer. Subscribe again.")
        self._joined.result()

    async def leave(self, within: float) -> None:
        """Leave the groups and stop to receive; wait for that, but not for ever.

        Args:
            within: seconds to wait; a layer that answers later is still asked to the end.
        """
        self._joined.cancel()
        if not self._asked:
            self._task.cancel()
        elif not self._leaving.done():
            self._leaving.set_result(None)
        await asyncio.wait([self._task], timeout=within)

    async def _live(self) -> None:
        groups: list[str] = []
        receiver: asyncio.Task[None] | None = None
        channel = ""
        try:
            async with self._turn:
                self._asked = True
                channel = await self._layer.new_channel()
                receiver = asyncio.create_task(self._receive(channel))
                # It must have begun: a layer forgets a channel when its receiver is cancelled.
                await asyncio.sleep(0)
                for group in self._groups:
                    groups.append(group)  # Noted first: a failure may come after it was done.
                    await self._layer.group_add(group, channel)
            if not self._joined.done():
                self._joined.set_result(None)
            await self._stay(channel)
        except Exception as error:
            if not self._joined.done():
                self._joined.set_exception(failure_of(error))
                self._joined.exception()  # Who waited for it may have been cancelled just now.
        finally:
            if groups:
                async with self._turn:
                    for group in groups:
                        await self._leave(group, channel)
            if receiver is not None:
                await self._end(receiver, channel)

    async def _stay(self, channel: str) -> None:
        """Join the groups again and again, on a clock of its own: members expire, busy or not."""
        pause = getattr(self._layer, "group_expiry", _GROUP_EXPIRY) / _RENEWALS
        while not self._leaving.done():
            await asyncio.wait([self._leaving], timeout=pause if self._groups else None)
            if self._leaving.done():
                return
            try:
                async with self._turn:
                    for group in self._groups:
                        await self._layer.group_add(group, channel)
            except Exception as error:
                logger.warning("Could not renew the membership of %r: %r", self._groups, error)

    async def _leave(self, group: str, channel: str) -> None:
        try:
            await self._layer.group_discard(group, channel)
        except Exception as error:
            logger.warning("Could not leave the group %r: %r", group, error)

    async def _receive(self, channel: str) -> None:
        while await self._take(channel):
            pass

    async def _take(self, channel: str) -> bool:
        """Wait for a message, and tell whether another may follow."""
        try:
            message = await self._layer.receive(channel)
        except Exception as error:
            if not is_undecodable(error):
                self._fail(failure_of(error))
                return False
            self._log_drop(channel, error)
        else:
            if isinstance(message, dict):
                self._put(message)
            else:
                self._log_drop(channel, TypeError(f"it is a {type(message).__name__}"))
        return True

    def _log_drop(self, channel: str, why: Exception) -> None:
        """Log that a message was dropped: once, however many subscriptions it was sent to."""
        global _last_drop
        receivers = f"the groups {', '.join(self._groups)}"
        if channels_share_a_key(self._layer):
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

    async def _end(self, receiver: asyncio.Task[None], channel: str) -> None:
        receiver.cancel()
        while not (await asyncio.wait([receiver], timeout=_CANCEL_AGAIN))[0]:
            if is_receiving(self._layer, channel):
                # channels_redis may lose a cancellation that comes just after a message.
                receiver.cancel()
            else:  # It is giving the channel back, and must not be disturbed.
                await asyncio.wait([receiver])
        forget_channel(self._layer, channel)
        if channels_share_a_key(self._layer):
            loop = asyncio.get_running_loop()
            for late in _LATE:
                loop.call_later(late, forget_channel, self._layer, channel)


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


def _new_turn() -> asyncio.Semaphore:
    return asyncio.Semaphore(_AT_ONCE)


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, defaultdict[str, asyncio.Semaphore]] = (
    WeakKeyDictionary()
)
_alive: set[asyncio.Task[None]] = set()
_last_drop: tuple[tuple[str, str], float] = (("", ""), 0.0)
