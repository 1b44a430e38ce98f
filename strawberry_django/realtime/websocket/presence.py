"""One socket among those of its process: counted against the limits, and watched.

Imports `auth`, `writer` and the ground modules.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from ..auth.watch import SocketWatch
from ..auth.watched import WatchedSocket
from ..limits import Place
from ..logs import on_one_line
from ..protocol import CloseCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from ..conf import RealtimeOptions
    from ..request import GraphQLRequest
    from .writer import SocketWriter


logger = logging.getLogger("strawberry_django.realtime")


class Presence:
    """What the process knows of one socket, from its handshake to its end.

    Use it as an asynchronous context manager.

    Args:
        request: the handshake, whose user is resolved.
        writer: closes the socket.
        options: the resolved options.
    """

    def __init__(
        self, request: GraphQLRequest, writer: SocketWriter, options: RealtimeOptions
    ) -> None:
        self._request = request
        self._writer = writer
        self._options = options
        self._watching: AbstractAsyncContextManager[None] | None = None
        self._socket = WatchedSocket(writer, options)
        self._place = Place(options)
        self._known_user: Any = None
        self._closing: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Presence:
        socket, user = self._socket, self.user
        self._known_user = user
        if user is not None and user.is_authenticated:
            session = vars(self._request).get("session")
            socket.user_key = user.pk
            socket.session_key = session.session_key if session is not None else None
        socket.request = self._request
        self._place.take_for_address(self._request.META)
        self._place.take_for_user(socket.user_key)
        self._log_surplus()
        self._watching = SocketWatch.current().watching(socket)
        await self._watching.__aenter__()
        return self

    async def __aexit__(self, *exception: Any) -> None:
        self._place.__exit__()
        if self._watching is not None:
            await self._watching.__aexit__(None, None, None)

    def _log_surplus(self) -> None:
        if self.surplus is not None:
            path = on_one_line(self._request.path)
            logger.warning("WebSocket %s refused (4429): %s", path, self.surplus)

    @property
    def surplus(self) -> str | None:
        """Why the socket is one too many, if it is."""
        return self._place.surplus

    @property
    def user(self) -> Any:
        """The user of the request; `None` where nothing provides one."""
        return vars(self._request).get("user")

    def note_user(self) -> None:
        """Note whether `on_connect` has set the user: no session decides how long it may stay."""
        if self.user is self._known_user:
            return
        user, before = self.user, self._socket.user_key
        self._known_user = user
        self._socket.session_key = None
        self._socket.user_key = user.pk if user is not None and user.is_authenticated else None
        if self._socket.user_key != before:
            self._place.take_for_user(self._socket.user_key)
            self._log_surplus()

    @property
    def is_confirmed(self) -> bool:
        """Whether the user was found to be allowed to act just now, or there is none."""
        return SocketWatch.current().is_confirmed(self._socket)

    async def confirm_user(self) -> None:
        """Check that the user may still act, before an operation begins; see `SocketWatch.confirm`.

        Raises:
            SessionEndedError: it may not.
            SessionCheckError: nobody can tell.
        """
        await SocketWatch.current().confirm(self._socket)

    def begun(
        self,
        busy: Callable[[], bool],
        ping: Callable[[str], str] | None,
        recheck: Callable[[], None],
    ) -> None:
        """Note that the client's `connection_init` was acknowledged.

        Args:
            busy: tells whether an operation is under way.
            ping: makes the frame of a ping from its token, where the subprotocol has one.
            recheck: asks what depends on the user again; called when the session was looked at.
        """
        self._socket.busy = busy
        self._socket.recheck = recheck
        self.note_user()  # A project may have overridden `on_ws_connect`, as with Strawberry.
        if self.surplus is not None:
            closing = self._writer.close(CloseCode.TOO_MANY_REQUESTS, self.surplus)
            self._closing = asyncio.ensure_future(closing)
        if ping is not None and self._options["ping_interval"] is not None:
            self._writer.probe = ping
            self._socket.ping = self._writer.ping

    def heard_pong(self, token: str | None) -> None:
        """Note that the client has answered a ping; `token` is what its pong carries."""
        self._socket.pong_due = None
        self._writer.acknowledge(token)
