"""A subscription's membership of groups, from its beginning to its end.

Imports its sibling `channel` and the ground modules. Whoever listens may be cancelled at any
moment, and a question that channels_redis was asked must not be: given up halfway it leaves a
channel, a membership or a connection behind. So a task of its own asks them all, to the end.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from .._upstream.layers import confirm_memberships
from ..exceptions import ChannelLayerError
from ..waiting import within
from .channel import Channel, failure_of

logger = logging.getLogger("strawberry_django.realtime")

#: Seconds after which a layer forgets who is in a group, where it does not say (Channels' own
#: default), and how often in that time the membership is renewed.
_GROUP_EXPIRY, _RENEWALS = 86400, 24

#: Seconds for which Redis may confirm that a process is in a group.
_CONFIRMED_WITHIN = 10.0

#: How many subscriptions of a process ask one layer at the same time: each takes a connection.
_AT_ONCE = 20


class Membership:
    """Keep a channel in groups until it is told to leave.

    Make it where an event loop runs; it begins at once.

    Args:
        channel: the channel.
        alias: the name of its layer in `CHANNEL_LAYERS`.
        groups: the groups to be a member of.
        own: the channel is nobody else's: it is opened first, if it is not, and closed at the end.
    """

    def __init__(self, channel: Channel, alias: str, groups: Sequence[str], *, own: bool) -> None:
        loop = asyncio.get_running_loop()
        self._channel = channel
        self._groups = groups
        self._own = own
        self._turn = _turns.setdefault(loop, defaultdict(_new_turn))[alias]
        self._must_end = own and channel.is_open
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
        if self._joined.cancelled():  # It was told to end: its feed begins another.
            raise ChannelLayerError("The channel layer has failed. Subscribe again.")
        self._joined.result()

    def end(self) -> None:
        """Begin to leave the groups, and to close the channel if it is its own."""
        self._joined.cancel()
        if not self._must_end:
            self._task.cancel()
        elif not self._leaving.done():
            self._leaving.set_result(None)

    async def leave(self, within: float) -> None:
        """Do as `end`, and wait for that a moment.

        Args:
            within: seconds to wait; a layer that answers later is still asked to the end.
        """
        self.end()
        await asyncio.wait([self._task], timeout=within)

    async def _live(self) -> None:
        joined: list[str] = []
        try:
            async with self._turn:
                self._must_end = True
                if not self._channel.is_open:
                    await self._channel.open()
                for group in self._groups:
                    joined.append(group)
                    await self._channel.join(group)
                async with within(_CONFIRMED_WITHIN):
                    await confirm_memberships(self._channel.layer, self._groups)
            if not self._joined.done():
                self._joined.set_result(None)
            await self._stay()
        except Exception as error:
            if not self._joined.done():
                self._joined.set_exception(failure_of(error))
                self._joined.exception()  # Who waited for it may have been cancelled just now.
        finally:
            if joined:
                async with self._turn:
                    for group in joined:
                        await self._channel.leave(group)
            if self._own:
                await self._channel.close()

    async def _stay(self) -> None:
        """Join the groups again and again, on a clock of its own: members expire, busy or not."""
        pause = getattr(self._channel.layer, "group_expiry", _GROUP_EXPIRY) / _RENEWALS
        while not self._leaving.done():
            await asyncio.wait([self._leaving], timeout=pause if self._groups else None)
            if self._leaving.done():
                return
            try:
                async with self._turn:
                    for group in self._groups:
                        await self._channel.renew(group)
            except Exception as error:
                logger.warning("Could not renew the membership of %r: %r", self._groups, error)


def _new_turn() -> asyncio.Semaphore:
    return asyncio.Semaphore(_AT_ONCE)


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, defaultdict[str, asyncio.Semaphore]] = (
    WeakKeyDictionary()
)
_alive: set[asyncio.Task[None]] = set()
