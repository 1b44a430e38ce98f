"""GraphQL over WebSocket: one socket, from its handshake to its end.

The top of `websocket`. A consumer is made of its parts: the writer, the presence,
the connection, and the handler of the subprotocol that the client picks.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

from django.urls import set_script_prefix
from graphql import GraphQLError
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.typevars import Context, RootValue
from strawberry.types.unset import UNSET, UnsetType
from typing_extensions import override

from ..auth.entry import handshake_refusal, origin_allowed
from ..auth.sessions import has_session_cookie, open_session, resolve_user
from ..conf import OperationRequest, RealtimeOptions
from ..consumer import GraphQLConsumer
from ..context import ConnectionContext, GraphQLContext
from ..exceptions import (
    ClientLeftError,
    HookTimeoutError,
    RealtimeError,
    SessionCheckError,
    SessionEndedError,
)
from ..logs import on_one_line
from ..protocol import (
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    GRAPHQL_WS_PROTOCOL,
    RESTARTING,
    CloseCode,
    names_persisted_query,
)
from ..request import GraphQLRequest
from .connection import SocketConnection
from .legacy import GraphQLWSHandler
from .presence import Presence
from .transport_ws import GraphQLTransportWSHandler
from .writer import SocketWriter, refuse_handshake

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from ..exceptions import ListenerOverflowError
    from ..interfaces import Application, Receive, Send

T = TypeVar("T")

logger = logging.getLogger("strawberry_django.realtime")

_HANDSHAKE = "the socket is accepted by itself; override `on_connect` to refuse a client."
_FRAMES = "frames are the subprotocol's; yield from a subscription to send something."


class GraphQLWSConsumer(GraphQLConsumer[Context, RootValue]):
    """Serve one WebSocket. Give `GraphQLWSConsumer.as_asgi(schema=…)` to a router.

    Override `get_context`, `get_root_value`, `on_connect`, `on_operation` or
    `is_websocket_origin_allowed` in a subclass.

    Attributes:
        receive: the ASGI `receive` of the socket.
        writer: everything that the socket sends goes through it.
        connection: what the client sends comes in through it.
        presence: the socket among those of its process.
    """

    graphql_transport_ws_handler_class = GraphQLTransportWSHandler
    graphql_ws_handler_class = GraphQLWSHandler
    never_called: ClassVar[Mapping[str, str]] = {
        "accept": _HANDSHAKE,
        "connect": _HANDSHAKE,
        "disconnect": "a resolver that is cancelled when its socket is gone has a `finally`.",
        "receive": _FRAMES,
        "send": _FRAMES,
        "websocket_connect": _HANDSHAKE,
        "websocket_receive": _FRAMES,
    }
    receive: Receive
    writer: SocketWriter
    connection: SocketConnection
    presence: Presence
    _connection_context: ConnectionContext
    _closing: asyncio.Future[None] | None = None

    @classmethod
    @override
    def _serving(cls, make: Callable[[], Any], options: RealtimeOptions) -> Application:
        async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
            await make()(scope, receive, send)

        return serve

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
        set_script_prefix(self.request.script_name)  # For `reverse()`, as Django's handler does.
        if refusal := handshake_refusal(
            self.request, self.options, self.is_websocket_origin_allowed
        ):
            await refuse_handshake(scope, send, *refusal)
            return
        self.writer = SocketWriter(
            send,
            max_outbound_bytes=self.options["max_outbound_bytes"],
            send_timeout=self.options["send_timeout"],
        )
        self.connection = SocketConnection(self, receive, self.writer)
        try:
            if await self._authenticated(send):
                await self._serve_present()
        finally:
            self.connection.stop_reading()

    async def _authenticated(self, send: Send) -> bool:
        """Resolve the user, or refuse the handshake; tell whether it goes on."""
        try:
            if not self.options["session_auth"]:
                self._adopt_scope_auth()
            else:
                open_session(self.request, websocket=True)
                if has_session_cookie(self.request):
                    await self._before_init(self._resolve_user())
                else:
                    await resolve_user(self.request)  # Nobody, without a question.
                self.scope["session"] = self.request.session
                self.scope["user"] = self.request.user
        except ClientLeftError:
            return False
        except Exception:
            logger.exception("The user of a handshake could not be read")
            await refuse_handshake(self.scope, send, 503, "The session cannot be read now.")
            return False
        return True

    def _before_init(self, work: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        """Bound what the connection waits for before it is acknowledged."""
        seconds = self.options["connection_init_wait_timeout"].total_seconds()
        return self.connection.attend(work, seconds)

    async def _serve_present(self) -> None:
        self.presence = Presence(self.request, self.writer, self.options)
        try:
            async with self.presence:
                await self._serve()
        except asyncio.CancelledError:
            # The server stops; see `SocketWatch.close_all`.
            await self.writer.close(CloseCode.SERVICE_RESTART, RESTARTING, timeout=1)
            raise
        except Exception:
            logger.exception("The WebSocket %s failed", on_one_line(self.scope["path"]))
            await self.writer.close(CloseCode.INTERNAL_ERROR, "Internal server error")
        finally:
            self.writer.abandon()
            await self._stop_listening()

    async def _resolve_user(self) -> None:
        async with self.operation_thread():
            await resolve_user(self.request)

    def _is_overridden(self, *names: str) -> bool:
        """Tell whether a project has one of these methods of its own, and so may wait in it."""
        return any(getattr(type(self), name) is not _OWN[name] for name in names)

    async def _serve(self) -> None:
        """Accept the socket, and speak the subprotocol that was picked until it is closed."""
        try:
            if self._is_overridden("get_root_value", "get_context"):
                root_value = await self._before_init(self._make_contexts())
            else:
                root_value = None
                self._connection_context = ConnectionContext(self._plain_context(self.request))
        except ClientLeftError:
            return
        subprotocol = await self.pick_websocket_subprotocol(self.request)
        await self.writer.accept(subprotocol)
        if self.presence.surplus is not None:
            await self.writer.close(CloseCode.TOO_MANY_REQUESTS, self.presence.surplus)
        shared: dict[str, Any] = {
            "view": self,
            "websocket": self.connection,
            "context": self._connection_context.context,
            "root_value": root_value,
            "schema": self.schema,
            "max_subscriptions_per_connection": self.options["max_subscriptions_per_connection"],
        }
        if subprotocol == GRAPHQL_TRANSPORT_WS_PROTOCOL:
            timeout = self.options["connection_init_wait_timeout"]
            await self.graphql_transport_ws_handler_class(
                **shared, connection_init_wait_timeout=timeout
            ).handle()
        elif subprotocol == GRAPHQL_WS_PROTOCOL:
            await self.graphql_ws_handler_class(
                **shared,
                keep_alive=self.options["keep_alive"],
                keep_alive_interval=self.options["keep_alive_interval"],
            ).handle()
        else:
            code = CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE
            await self.writer.close(code, "Subprotocol not acceptable")

    async def _make_contexts(self) -> Any:
        async with self.operation_thread():
            root_value = await self.get_root_value(self.request)
            self._connection_context = ConnectionContext(await self.get_context(self.request, self))
            return root_value

    async def on_ws_connect(self, context: Any) -> UnsetType | dict[str, object] | None:
        """Ask the hook `on_connect`, while the client stays and for a bounded time.

        Raises:
            ConnectionRejectionError: the hook refuses, or the socket is closed already.
        """
        payload = None
        try:
            if self.options["on_connect"] is not None or self._is_overridden("on_connect"):
                payload = await self._before_init(self._ask_on_connect(context))
        except ClientLeftError as error:
            self.writer.abandon()
            raise ConnectionRejectionError from error
        except HookTimeoutError as error:
            logger.error("on_connect has not returned: %s", error)
            await self.writer.close(CloseCode.TIMEOUT, str(error))
            raise ConnectionRejectionError from error
        self.presence.note_user()
        if self.presence.surplus is not None:
            await self.writer.close(CloseCode.TOO_MANY_REQUESTS, self.presence.surplus)
        return UNSET if payload is None else payload

    async def _ask_on_connect(self, context: Any) -> dict[str, Any] | None:
        async with self.operation_thread():
            return await self.on_connect(context)

    async def accept(self, *_: Any, **__: Any) -> NoReturn:
        """Say that there is nothing to accept."""
        raise RealtimeError(f"GraphQLWSConsumer has no accept(): {_HANDSHAKE}")

    async def send(self, *_: Any, **__: Any) -> NoReturn:
        """Say that no frame can be sent beside the subprotocol's."""
        raise RealtimeError(f"GraphQLWSConsumer has no send(): {_FRAMES}")

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close the socket, as with Channels' consumers; its operations end.

        Args:
            code: the close code; 1000 by default.
            reason: what to tell the client; cut to the 123 bytes that fit.
        """
        await self.writer.close(code or CloseCode.NORMAL, reason or "")

    @override
    def fell_behind(self, error: ListenerOverflowError) -> None:
        """Close the socket at once: its client may not read for long."""
        closing = self.writer.close(CloseCode.TOO_MANY_REQUESTS, f"Too slow: {error}")
        self._closing = asyncio.ensure_future(closing)

    def asks_nothing(self) -> bool:
        """Tell whether an operation needs no context, no hook and no look at its session."""
        kind = type(self)
        return (
            self.options["on_operation"] is None
            and kind.on_operation is GraphQLConsumer.on_operation
            and kind.get_context is GraphQLWSConsumer.get_context
            and kind.judge is GraphQLWSConsumer.judge
            and self.presence.is_confirmed
        )

    async def judge(self, context: Any, operation: OperationRequest) -> None:
        """Ask `on_operation`, once there is an operation to ask about.

        Raises:
            GraphQLError: the operation is refused.
        """
        if not operation.query and not names_persisted_query(operation.extensions):
            raise GraphQLError("No GraphQL query found in the request")
        try:
            await self.presence.confirm_user()
        except (SessionEndedError, SessionCheckError) as refusal:
            raise GraphQLError(str(refusal)) from refusal
        await self.on_operation(context, operation)

    @override
    async def get_context(
        self, request: GraphQLRequest, response: GraphQLWSConsumer[Any, Any]
    ) -> Any:
        """Return the context of one operation; override to add to it."""
        return self._plain_context(request)

    def _plain_context(self, request: GraphQLRequest) -> GraphQLContext:
        return GraphQLContext(request=request, response=None, ws=self, connection_params=None)

    async def resume_identity(self, context: Any) -> str | None:  # noqa: ARG002
        """Return who may go on, on another socket, with the operations that this client begins.

        Override it where users are told apart otherwise. A client goes on with an operation of
        its own: it sends the id and the document again, and its identity is equal.

        Args:
            context: that of the operation.

        Returns:
            By default the user's primary key, and for all who are not logged in the same; `None`:
            nobody goes on.
        """
        user = self.presence.user
        if user is None or not user.is_authenticated:
            return ""
        return f"{user.pk}"

    async def operation_context(self) -> Any:
        """Return a fresh context, with what the connection's has been given since it began."""
        return self._connection_context.give_to(await self.get_context(self.request, self))

    def is_websocket_origin_allowed(self, request: GraphQLRequest, origin: str) -> bool:  # noqa: ARG002
        """Tell whether a page of `origin` may connect; override for rules of your own."""
        return origin_allowed(origin, self.options)

    async def pick_websocket_subprotocol(self, request: GraphQLRequest) -> str | None:
        """Return the first subprotocol the client offers that is switched on."""
        offered: list[str] = request.scope.get("subprotocols") or []
        known = set(self.protocols) & {
            GRAPHQL_TRANSPORT_WS_PROTOCOL,
            GRAPHQL_WS_PROTOCOL,
        }
        picked = next((name for name in offered if name in known), None)
        if picked is None:
            logger.warning(
                "WebSocket %s refused (4406): the client offers %s, the server speaks %s",
                on_one_line(self.scope["path"]),
                on_one_line(", ".join(offered)) or "no subprotocol",
                ", ".join(sorted(known)) or "none",
            )
        return picked

    def decode_json(self, data: str) -> object:
        """Decode what the client sent; override to do it in another way."""
        return json.loads(data)

    def encode_json_string(self, data: object) -> str:
        """Encode a frame, which is text, by `encode_json`."""
        encoded = self.encode_json(data)
        return encoded.decode() if isinstance(encoded, bytes) else encoded


#: What a socket need not wait for, as long as no project has put its own in its place.
_OWN = {
    name: getattr(GraphQLWSConsumer, name)
    for name in ("get_root_value", "get_context", "on_connect")
}
