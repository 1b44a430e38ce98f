"""GraphQL over WebSocket.

Imports the protocol handlers, `security`, `sessions`, `writer` and the base.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard

from strawberry.http.async_base_view import AsyncBaseHTTPView
from strawberry.types.unset import UNSET, UnsetType
from typing_extensions import override

from ..conf import RealtimeOptions, resolve_options
from ..context import GraphQLContext
from ..handlers import GraphQLTransportWSHandler
from ..legacy import GraphQLWSHandler
from ..limits import open_sockets
from ..protocol import (
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    GRAPHQL_WS_PROTOCOL,
    CloseCode,
)
from ..request import GraphQLRequest
from ..revocation import connect_signals
from ..security import handshake_refusal, origin_allowed
from ..sessions import open_session, resolve_user
from ..threads import OperationThread
from ..watch import SocketWatch, WatchedSocket
from ..writer import Send, SocketWriter, refuse_handshake
from .adapter import WebSocketAdapter
from .base import GraphQLConsumer

if TYPE_CHECKING:
    from strawberry.schema import BaseSchema
    from typing_extensions import Unpack

logger = logging.getLogger("strawberry_django.realtime")

Receive = Callable[[], Awaitable[dict[str, Any]]]


class GraphQLWSConsumer(
    GraphQLConsumer,
    AsyncBaseHTTPView[
        GraphQLRequest,
        "GraphQLWSConsumer",
        "GraphQLWSConsumer",
        GraphQLRequest,
        "GraphQLWSConsumer",
        Any,
        Any,
    ],
):
    """Serve one WebSocket. Give `GraphQLWSConsumer.as_asgi(schema=…)` to a router.

    Override `get_context`, `get_root_value`, `on_ws_connect` or
    `is_websocket_origin_allowed` in a subclass.

    Attributes:
        receive: the ASGI `receive` of the socket.
        writer: everything that the socket sends goes through it.
    """

    websocket_adapter_class = WebSocketAdapter  # type: ignore[assignment]
    graphql_transport_ws_handler_class = GraphQLTransportWSHandler
    graphql_ws_handler_class = GraphQLWSHandler
    graphql_ide = None
    allow_queries_via_get = False
    receive: Receive
    writer: SocketWriter
    _over: str | None = None

    def __init__(self, schema: BaseSchema, **options: Unpack[RealtimeOptions]) -> None:
        super().__init__(schema, **options)
        self.keep_alive = self.options["keep_alive"]
        self.keep_alive_interval = self.options["keep_alive_interval"]
        self.connection_init_wait_timeout = self.options["connection_init_wait_timeout"]
        self.max_subscriptions_per_connection = self.options["max_subscriptions_per_connection"]

    @classmethod
    def as_asgi(
        cls, *, schema: BaseSchema, **options: Unpack[RealtimeOptions]
    ) -> Callable[[dict[str, Any], Receive, Send], Awaitable[None]]:
        """Return the ASGI application that serves each WebSocket with a consumer of its own.

        Raises:
            TypeError: an option does not exist.
        """
        resolved = resolve_options(options)
        connect_signals()

        async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
            await cls(schema, **resolved)(scope, receive, send)

        application.consumer_class = cls  # type: ignore[attr-defined]
        application.consumer_initkwargs = {"schema": schema, **resolved}  # type: ignore[attr-defined]
        return application

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve the WebSocket of `scope` from its handshake to its end."""
        self.scope = scope
        self.receive = receive
        await receive()  # websocket.connect
        try:
            self.request = GraphQLRequest.from_handshake(scope)
        except UnicodeDecodeError:
            await refuse_handshake(scope, send, 400, "The query string is not UTF-8.")
            return
        self.request.consumer = self
        if refusal := handshake_refusal(
            self.request, self.options, self.is_websocket_origin_allowed
        ):
            await refuse_handshake(scope, send, *refusal)
            return
        await self._authenticate()
        self.writer = SocketWriter(
            send,
            max_outbound_bytes=self.options["max_outbound_bytes"],
            send_timeout=self.options["send_timeout"],
        )
        self._watched = WatchedSocket(self.writer, self.options)
        self._watched.user_key, self._watched.session_key = self._who()
        try:
            async with SocketWatch.current().watching(self._watched), AsyncExitStack() as stack:
                self._stack = stack
                address: str | None = self.request.META.get("REMOTE_ADDR")
                await self._count("address", address, "max_sockets_per_address")
                await self._count("user", self._watched.user_key, "max_sockets_per_user")
                await self.run(self.request)
        except asyncio.CancelledError:
            # The server stops. Clients connect again after 1012, and not after the
            # 1011 that some servers would send (graphql-ws, "Fatal close codes").
            reason = "The server is restarting"
            await self.writer.close(CloseCode.SERVICE_RESTART, reason, timeout=1)
            raise
        except Exception:
            logger.exception("The WebSocket %s failed", scope["path"])
            await self.writer.close(CloseCode.INTERNAL_ERROR, "Internal server error")
        finally:
            self.writer.abandon()
            await self._stop_listening()

    async def _count(self, what: str, who: Any, option: str) -> None:
        """Count the socket, and note if there are too many of the same user or address."""
        limit = self.options[option]  # type: ignore[literal-required]
        if who is None or limit is None:
            return
        if self._stack.enter_context(open_sockets.counted((what, who), limit)):
            self._over = f"More than {limit} open sockets of one {what} ({option})"

    def _who(self) -> tuple[Any, str | None]:
        """Return the keys of the socket's user and of its session, if it has them."""
        user = vars(self.request).get("user")
        session = vars(self.request).get("session")
        if user is None or not user.is_authenticated:
            return None, None
        return user.pk, session.session_key if session is not None else None

    async def _authenticate(self) -> None:
        if not self.options["session_auth"]:
            self._adopt_scope_auth()
            return
        open_session(self.request, websocket=True)
        async with OperationThread():
            await resolve_user(self.request)
        self.scope["session"] = self.request.session
        self.scope["user"] = self.request.user

    @override
    async def on_ws_connect(self, context: Any) -> UnsetType | dict[str, object] | None:
        """Ask `on_connect`, which is the hook to override."""
        before = vars(self.request).get("user")
        payload = await self.on_connect(GraphQLContext.wrap(context))
        if vars(self.request).get("user") is not before:
            # The user came with a token: no session decides how long it may stay.
            self._watched.user_key, self._watched.session_key = self._who()[0], None
            await self._count("user", self._watched.user_key, "max_sockets_per_user")
        return UNSET if payload is None else payload

    def connection_begun(self, busy: Callable[[], bool], ping: str | None) -> None:
        """Note that the client's `connection_init` was acknowledged.

        Args:
            busy: tells whether an operation is under way.
            ping: the frame of a ping, where the subprotocol has one.
        """
        self._watched.busy = busy
        if ping is not None and self.options["ping_interval"] is not None:
            self.writer.probe = ping
            self._watched.ping = self.writer.ping

    def heard_pong(self) -> None:
        """Note that the client has answered a ping."""
        self._watched.pong_due = None
        self.writer.acknowledge()

    @override
    async def get_context(self, request: GraphQLRequest, response: GraphQLWSConsumer) -> Any:
        """Return the context of one operation; override to add to it."""
        return GraphQLContext(request=request, response=None, ws=self, connection_params=None)

    async def operation_context(self, connection_context: Any) -> Any:
        """Return a fresh context, with the parameters that the connection began with."""
        context = GraphQLContext.wrap(await self.get_context(self.request, self))
        if isinstance(context, dict) and isinstance(connection_context, dict):
            context["connection_params"] = connection_context.get("connection_params")
        elif hasattr(context, "connection_params"):
            context.connection_params = connection_context.connection_params
        return context

    @override
    def is_websocket_origin_allowed(self, request: GraphQLRequest, origin: str) -> bool:
        """Tell whether a page of `origin` may connect; override for rules of your own."""
        return origin_allowed(origin, self.options)

    @override
    def is_websocket_request(self, request: Any) -> TypeGuard[Any]:
        return True

    @override
    async def pick_websocket_subprotocol(self, request: GraphQLRequest) -> str | None:
        """Return the first subprotocol the client offers that is switched on."""
        offered: list[str] = self.scope.get("subprotocols") or []
        known = set(self.protocols) & {
            GRAPHQL_TRANSPORT_WS_PROTOCOL,
            GRAPHQL_WS_PROTOCOL,
        }
        return next((name for name in offered if name in known), None)

    @override
    async def create_websocket_response(
        self, request: GraphQLRequest, subprotocol: str | None
    ) -> GraphQLWSConsumer:
        await self.writer.accept(subprotocol)
        if self._over is not None:
            await self.writer.close(CloseCode.TOO_MANY_REQUESTS, self._over)
        return self

    @override
    def get_websocket_headers(self, request: GraphQLRequest) -> Mapping[str, str]:
        headers: Mapping[str, str] = request.headers
        return {name.lower(): value for name, value in headers.items()}

    async def _never_called(self, *args: Any) -> NoReturn:
        """Stand for what the base class asks of a view that also serves HTTP."""
        raise NotImplementedError

    reject_websocket = _never_called  # type: ignore[assignment]
    get_sub_response = _never_called  # type: ignore[assignment]
    render_graphql_ide = _never_called  # type: ignore[assignment]
    create_response = _never_called  # type: ignore[assignment]
