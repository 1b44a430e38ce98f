"""One process's look at its open sockets: who may stay, who is there, for how long.

Imports its siblings, `pubsub` and the ground modules. One watch serves all the
sockets of an event loop, with one task that looks at the clock and one that hears
what other processes tell.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterable
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import get_channel_layer

from .._upstream.servers import before_daphne_stops
from ..exceptions import SessionCheckError, SessionEndedError
from ..protocol import RESTARTING, CloseCode
from ..pubsub.listener import ChannelListener
from ..threads import OperationThread
from . import revocation
from .sessions import active_users, users_of_sessions
from .watched import LONGEST_TICK, WatchedSocket

logger = logging.getLogger("strawberry_django.realtime")

#: Seconds for which a socket that has logged itself out is left open, for the answer to that.
_LAST_ANSWER = 0.5

#: Seconds after which a session is looked at that ends just now.
_SOON = (0.2, 0.8)

#: Seconds before the channel layer is listened to again after a failure: first and at most.
_RETRY, _MAX_RETRY = 1.0, 60.0

#: Seconds that sockets may take to end when the server stops, and their frames to leave.
_LAST_SOCKET, _LAST_FRAME = 5.0, 0.1


class SocketWatch:
    """The watch over the sockets of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._sockets: set[WatchedSocket] = set()
        self._services: list[asyncio.Task[None]] = []
        self._errands: set[asyncio.Task[None]] = set()
        self._looks: dict[WatchedSocket, asyncio.Future[None]] = {}
        self._under_way: dict[WatchedSocket, asyncio.Future[None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._tick = LONGEST_TICK
        self._empty = asyncio.Event()
        self._empty.set()
        before_daphne_stops(loop, self.close_all)

    @classmethod
    def current(cls) -> SocketWatch:
        """Return the watch of the running event loop."""
        loop = asyncio.get_running_loop()
        if loop not in _watches:
            _watches[loop] = cls(loop)
        return _watches[loop]

    @contextlib.asynccontextmanager
    async def watching(self, socket: WatchedSocket) -> AsyncIterator[None]:
        """Watch a socket inside the block."""
        self._sockets.add(socket)
        self._empty.clear()
        self._tick = min(self._tick, socket.tick)
        if not self._services:
            revocation.local_receivers.add(self.receive)
            self._services = [
                asyncio.create_task(self._look_at_the_clock()),
                asyncio.create_task(self._listen()),
            ]
        try:
            yield
        finally:
            self._sockets.discard(socket)
            if not self._sockets:
                self._empty.set()
                await self._rest()

    async def _rest(self) -> None:
        revocation.local_receivers.discard(self.receive)
        tasks, self._services = [*self._services, *self._errands], []
        self._tick = LONGEST_TICK
        while tasks:  # What a task awaits may swallow one cancellation (a client that connects).
            for task in tasks:
                task.cancel()
            tasks = [*(await asyncio.wait(tasks, timeout=LONGEST_TICK))[1]]

    async def close_all(self) -> None:
        """Close every socket because the server stops, and wait until their operations have ended.

        Clients connect again after 1012, and not after the 1011 that some servers would send
        (graphql-ws, "Fatal close codes").
        """
        for socket in self._sockets:
            self._close(socket, CloseCode.SERVICE_RESTART, RESTARTING)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._empty.wait(), _LAST_SOCKET)
        await asyncio.sleep(_LAST_FRAME)

    def receive(self, message: dict[str, Any], by: Any) -> None:
        """Act on a revocation; callable from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._apply, message, by)
        except RuntimeError:  # The loop was closed with a socket open (a reload, a test).
            revocation.local_receivers.discard(self.receive)

    def _apply(self, message: dict[str, Any], by: Any = None) -> None:
        if "session" in message:
            for socket in self._of_session(message["session"]):
                if socket.writer is getattr(by, "writer", None):
                    socket.session_key = None  # The channel layer tells us as well.
                    socket.ended = True
                    self._send(self._close_when_answered(socket))
                else:
                    self._close(socket, CloseCode.UNAUTHORIZED, "Logged out")
            return
        user = message["user"]
        if message.get("soon"):
            for seconds in _SOON:
                self._loop.call_later(seconds, self._recheck, user)
        elif message["recheck"]:
            self._recheck(user)
        else:
            for socket in self._of_user(user):
                self._close(socket, CloseCode.UNAUTHORIZED, "The user was disconnected")

    def _recheck(self, user: str) -> None:
        self._look_at(self._of_user(user))

    def _of_user(self, user: str) -> list[WatchedSocket]:
        return [socket for socket in self._sockets if str(socket.user_key) == user]

    def _of_session(self, digest: str) -> list[WatchedSocket]:
        keyed = [(s, s.session_key) for s in self._sockets if s.session_key]
        return [s for s, key in keyed if revocation.session_digest(key) == digest]

    async def _look_at_the_clock(self) -> None:
        while True:
            await asyncio.sleep(self._tick)
            now = time.monotonic()
            for socket in list(self._sockets):
                self._keep_time(socket, now)

    def _keep_time(self, socket: WatchedSocket, now: float) -> None:
        try:
            self._check_limits(socket, now)
        except Exception:  # One socket's fault must not end the timeouts of all.
            logger.exception("The timeouts of a socket could not be checked")

    def _check_limits(self, socket: WatchedSocket, now: float) -> None:
        if socket.busy():
            socket.active = now
        if reason := socket.overdue(now):
            self._close(socket, CloseCode.TIMEOUT, reason)
        elif socket.ping is not None and socket.must_be_pinged(now):
            socket.pinged = now
            socket.pong_due = now + socket.options["pong_timeout"]
            self._send(socket.ping())
        if socket.must_be_revalidated(now):
            self._look_at([socket])

    @staticmethod
    def is_confirmed(socket: WatchedSocket) -> bool:
        """Tell whether `confirm` has nothing to check."""
        if socket.ended:
            return False
        return socket.user_key is None or not socket.must_be_confirmed(time.monotonic())

    async def confirm(self, socket: WatchedSocket) -> None:
        """Check that the user of `socket` may still act, unless that was checked a second ago.

        Raises:
            SessionEndedError: it may not; the socket is being closed.
            SessionCheckError: the database did not say.
        """
        now = time.monotonic()
        if socket.ended:
            raise SessionEndedError
        if self.is_confirmed(socket):
            return
        look = self._looks.get(socket) or self._under_way.get(socket)
        if look is None:
            if socket.was_looked_at(now):  # In vain, and nobody asks more than once a second.
                raise SessionCheckError
            self._look_at([socket])
            look = self._looks[socket]
        # Others wait for the same look: who is cancelled does not take it from them.
        await asyncio.shield(look)

    def _look_at(self, sockets: Iterable[WatchedSocket]) -> None:
        """Let the sessions of `sockets` be checked; one look is made at a time."""
        for socket in sockets:
            if socket not in self._looks:
                look = self._looks[socket] = self._loop.create_future()
                look.add_done_callback(_retrieve)
        if self._looks and self._looking is None:
            self._looking = asyncio.ensure_future(self._look())
            self._errands.add(self._looking)
            self._looking.add_done_callback(self._looked)

    def _looked(self, task: asyncio.Task[None]) -> None:
        self._errands.discard(task)
        self._looking = None
        looks, self._under_way = self._under_way, {}
        if task.cancelled():  # Its sockets have gone; who has come since has a look to come.
            gone = self._looks.keys() - self._sockets
            for look in (*looks.values(), *map(self._looks.pop, gone)):
                look.cancel()
        self._look_at(())

    async def _look(self) -> None:
        looks, self._looks = self._looks, {}
        self._under_way = looks
        alone = [socket for socket in looks if socket.options["enter_thread"] is not None]
        together = [socket for socket in looks if socket.options["enter_thread"] is None]
        for group in [*([socket] for socket in alone), together]:
            try:
                unknown = await self._revalidate(group)
            except Exception as error:
                logger.error("Open sockets could not be revalidated: %r", error)
                unknown = group
            for socket in group:
                if looks[socket].done():
                    continue
                if socket in unknown:
                    looks[socket].set_exception(SessionCheckError())
                elif socket.ended:
                    looks[socket].set_exception(SessionEndedError())
                else:
                    looks[socket].set_result(None)

    async def _revalidate(self, sockets: list[WatchedSocket]) -> list[WatchedSocket]:
        """Close those whose user may not act any more; see `users_of_sessions` for the cost.

        Returns:
            Those of which the project's own code could not tell.
        """
        unknown: list[WatchedSocket] = []
        if not sockets:
            return unknown
        now = time.monotonic()
        for socket in sockets:
            socket.revalidated = now
        first = sockets[0]
        sessions = {socket.session_key for socket in sockets if socket.session_key}
        users = {socket.user_key for socket in sockets if not socket.session_key}
        async with OperationThread(first.request, first.options["enter_thread"]):
            of_sessions = await sync_to_async(users_of_sessions)(sessions) if sessions else {}
            active = await sync_to_async(active_users)(users) if users else set()
        for socket in sockets:
            if socket.session_key:
                user = of_sessions[socket.session_key]
                if isinstance(user, Exception):
                    logger.error("An open socket could not be revalidated: %r", user)
                    unknown.append(socket)
                    continue
                valid = user == socket.user_key
            else:
                valid = socket.user_key in active
            if valid:
                socket.confirmed = now
                socket.recheck()
            else:
                socket.ended = True
                self._close(socket, CloseCode.UNAUTHORIZED, "The session has ended")
        return unknown

    async def _listen(self) -> None:
        """Hear what other processes tell; where there is no channel layer, nothing does."""
        retry = _RETRY
        while True:
            listener = ChannelListener(DEFAULT_CHANNEL_LAYER, capacity=10_000)
            try:
                if get_channel_layer() is None:
                    return
                async with listener.listen(
                    revocation.MESSAGE_TYPE, groups=[revocation.GROUP]
                ) as messages:
                    retry = _RETRY
                    async for message in messages:
                        self._hear(message)
            except Exception as error:
                logger.warning("Not hearing of revocations for %g s: %r", retry, error)
            finally:
                await listener.aclose()
            await asyncio.sleep(retry)
            retry = min(2 * retry, _MAX_RETRY)
            # What was told meanwhile was not heard.
            self._look_at([s for s in self._sockets if s.user_key is not None])

    def _hear(self, message: dict[str, Any]) -> None:
        try:
            self._apply(message)
        except Exception as error:  # One message's fault must not make us miss the others.
            logger.error("A message about a revocation was dropped: %r", error)

    async def _close_when_answered(self, socket: WatchedSocket) -> None:
        await asyncio.sleep(_LAST_ANSWER)
        await socket.writer.close(CloseCode.UNAUTHORIZED, "Logged out")

    def _close(self, socket: WatchedSocket, code: CloseCode, reason: str) -> None:
        self._send(socket.writer.close(code, reason))

    def _send(self, errand: Coroutine[Any, Any, None] | Awaitable[None]) -> None:
        task = asyncio.ensure_future(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


def _retrieve(look: asyncio.Future[None]) -> None:
    """Take the outcome of a look that nobody waits for."""
    if not look.cancelled():
        look.exception()


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, SocketWatch] = WeakKeyDictionary()
