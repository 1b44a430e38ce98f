"""GraphQL over WebSocket.

Imports the protocol handlers, `security`, `sessions`, `writer` and the base.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard

from graphql import GraphQLError
from strawberry.http.async_base_view import AsyncBaseHTTPView
from strawberry.types.unset import UNSET, UnsetType
from typing_extensions import override

from ..conf import OperationRequest, RealtimeOptions, resolve_options
from ..context import GraphQLContext
from ..exceptions import SessionCheckError, SessionEndedError
from ..handlers import GraphQLTransportWSHandler
from ..legacy import GraphQLWSHandler
from ..logs import log_client_errors_briefly
from ..protocol import (
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    GRAPHQL_WS_PROTOCOL,
    RESTARTING,
    CloseCode,
)
from ..request import GraphQLRequest
from ..revocation import connect_signals
from ..security import handshake_refusal, origin_allowed
from ..sessions import open_session, resolve_user
from ..writer import Send, SocketWriter, refuse_handshake
from .adapter import WebSocketAdapter
from .base import GraphQLConsumer
from .presence import Presence

if TYPE_CHECKING:
    from strawberry.schema import BaseSchema
    from typing_extensions import Unpack

    from ..exceptions import ListenerOverflowError

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

    Override `get_context`, `get_root_value`, `on_connect`, `on_operation` or
    `is_websocket_origin_allowed` in a subclass.

    Attributes:
        receive: the ASGI `receive` of the socket.
        writer: everything that the socket sends goes through it.
        presence: the socket among those of its process.
    """

    websocket_adapter_class = WebSocketAdapter  # type: ignore[assignment]
    graphql_transport_ws_handler_class = GraphQLTransportWSHandler
    graphql_ws_handler_class = GraphQLWSHandler
    graphql_ide = None
    allow_queries_via_get = False  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]
    receive: Receive
    writer: SocketWriter
    _closing: asyncio.Future[None] | None = None
    presence: Presence

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
        log_client_errors_briefly()
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
        try:
            await self._authenticate()
        except Exception:
            logger.exception("The user of a handshake could not be read")
            await refuse_handshake(scope, send, 503, "The session cannot be read now.")
            return
        self.writer = SocketWriter(
            send,
            max_outbound_bytes=self.options["max_outbound_bytes"],
            send_timeout=self.options["send_timeout"],
        )
        self.presence = Presence(self.request, self.writer, self.options)
        try:
            async with self.presence:
                await self.run(self.request)
        except asyncio.CancelledError:
            # The server stops; see `SocketWatch.close_all`.
            await self.writer.close(CloseCode.SERVICE_RESTART, RESTARTING, timeout=1)
            raise
        except Exception:
            logger.exception("The WebSocket %s failed", scope["path"])
            await self.writer.close(CloseCode.INTERNAL_ERROR, "Internal server error")
        finally:
            self.writer.abandon()
            await self._stop_listening()

    async def _authenticate(self) -> None:
        if not self.options["session_auth"]:
            self._adopt_scope_auth()
            return
        open_session(self.request, websocket=True)
        async with self.operation_thread():
            await resolve_user(self.request)
        self.scope["session"] = self.request.session
        self.scope["user"] = self.request.user

    @override
    async def on_ws_connect(self, context: Any) -> UnsetType | dict[str, object] | None:
        """Ask the hook `on_connect`."""
        before = self.presence.user
        async with self.operation_thread():
            payload = await self.on_connect(GraphQLContext.wrap(context))
        if self.presence.user is not before:
            self.presence.came_with_token()
            if self.presence.surplus is not None:
                await self.writer.close(CloseCode.TOO_MANY_REQUESTS, self.presence.surplus)
        return UNSET if payload is None else payload

    @override
    def _fell_behind(self, error: ListenerOverflowError) -> None:
        """Close the socket at once: its client may not read for long."""
        closing = self.writer.close(CloseCode.TOO_MANY_REQUESTS, f"Too slow: {error}")
        self._closing = asyncio.ensure_future(closing)

    async def judge(self, context: Any, operation: OperationRequest) -> None:
        """Ask `on_operation`, once there is an operation to ask about.

        Raises:
            GraphQLError: the operation is refused.
        """
        if not operation.query:
            raise GraphQLError("No GraphQL query found in the request")
        try:
            await self.presence.confirm_user()
        except (SessionEndedError, SessionCheckError) as refusal:
            raise GraphQLError(str(refusal)) from refusal
        await self.on_operation(context, operation)

    @override
    async def get_context(self, request: GraphQLRequest, response: GraphQLWSConsumer) -> Any:
        """Return the context of one operation; override to add to it."""
        return GraphQLContext(request=request, response=None, ws=self, connection_params=None)

    async def operation_context(self, connection_context: Any) -> Any:
        """Return a fresh context, with the parameters that the connection began with."""
        context = GraphQLContext.wrap(await self.get_context(self.request, self))
        if isinstance(connection_context, dict):
            params = connection_context.get("connection_params")
        else:
            params = getattr(connection_context, "connection_params", None)
        if isinstance(context, dict):
            context["connection_params"] = params
        elif hasattr(context, "connection_params"):
            context.connection_params = params  # pyright: ignore[reportAttributeAccessIssue]
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
        picked = next((name for name in offered if name in known), None)
        if picked is None:
            logger.warning(
                "WebSocket %s refused (4406): the client offers %s, the server speaks %s",
                self.scope["path"],
                ", ".join(offered) or "no subprotocol",
                ", ".join(sorted(known)) or "none",
            )
        return picked

    @override
    async def create_websocket_response(
        self, request: GraphQLRequest, subprotocol: str | None
    ) -> GraphQLWSConsumer:
        await self.writer.accept(subprotocol)
        if self.presence.surplus is not None:
            await self.writer.close(CloseCode.TOO_MANY_REQUESTS, self.presence.surplus)
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
