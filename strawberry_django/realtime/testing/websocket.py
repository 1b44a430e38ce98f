"""GraphQL over a WebSocket, spoken with the ASGI application.

Imports Channels' and Strawberry's communicators, its siblings, `exceptions` and `protocol`.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict, deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.test import Client
from strawberry.channels.testing import GraphQLWebsocketCommunicator as StrawberryCommunicator
from strawberry.types import ExecutionResult

from ..exceptions import RealtimeError
from ..protocol import GRAPHQL_TRANSPORT_WS_PROTOCOL
from .database import ApplicationInTest
from .headers import HOST, SAME_AS_HOST, browser_headers

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.test import AsyncClient
    from typing_extensions import Self

SECONDS = 5.0
"""How long to wait for the application by default."""


class WebSocketClosedError(RealtimeError):
    """The application refused or closed the WebSocket.

    Attributes:
        code: the close code; a refused handshake has the one that the application gave, or 1000.
        reason: the close reason, or an empty string.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        super().__init__(
            f"The application closed the WebSocket with {code}{f' ({reason})' if reason else ''}."
        )


class GraphQLWebsocketCommunicator(StrawberryCommunicator):
    """Speak GraphQL over a WebSocket to the application, as a logged-in browser would.

    Use it as an asynchronous context manager: it connects, sends `connection_init`, waits for the
    acknowledgement and disconnects at the end. Beside what Strawberry's communicator does it sends
    the session cookie, `Host` and `Origin`, keeps operations that run at once apart, answers pings,
    speaks the legacy `graphql-ws` subprotocol, and raises `WebSocketClosedError` with the close
    code when the application closes.

    Args:
        application: the project's ASGI application.
        path: path and query string of the handshake.
        headers: further headers; one of `cookie`, `host` or `origin` replaces ours.
        protocol: the subprotocol to speak, `graphql-transport-ws` or `graphql-ws`.
        connection_params: the payload of `connection_init`.
        client: a test client whose cookies (its login) the handshake carries.
        user: a user to log in, with `client` or a client of its own; needs the database.
        host: the `Host` of the handshake.
        origin: the `Origin` of the handshake; `None` sends none, as a client that is no browser.
        subprotocols: further subprotocols to offer, before `protocol`.
        timeout: seconds to wait for each answer of the application.

    Attributes:
        connection_ack: the payload of the acknowledgement, or `None`.
    """

    def __init__(
        self,
        application: Any,
        path: str = "/graphql",
        headers: list[tuple[bytes, bytes]] | None = None,
        protocol: str = GRAPHQL_TRANSPORT_WS_PROTOCOL,
        connection_params: dict[str, Any] | None = None,
        *,
        client: Client | AsyncClient | None = None,
        user: AbstractBaseUser | None = None,
        host: str = HOST,
        origin: str | None = SAME_AS_HOST,
        subprotocols: Sequence[str] = (),
        timeout: float = SECONDS,
    ) -> None:
        self._in_test = ApplicationInTest(application)
        super().__init__(
            self._in_test, path, [], protocol, connection_params, subprotocols=list(subprotocols)
        )
        self.scope.update(
            client=("127.0.0.1", 50000), server=(host, 80), scheme="ws", http_version="1.1"
        )
        self.client = client if client is not None or user is None else Client()
        self.timeout = timeout
        self.connection_ack: Any = None
        self._user = user
        self._headers = headers or []
        self._host = host
        self._origin = origin
        self._under_way: set[str] = set()
        self._listening: set[str | None] = set()
        self._inbox: defaultdict[str, deque[dict[str, Any]]] = defaultdict(deque)
        self._reading = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.gql_init()
        return self

    async def gql_init(self) -> None:
        """Log in, connect and initialise the GraphQL connection.

        Raises:
            WebSocketClosedError: the application refused the handshake or the connection.
        """
        await self._in_test.prepare()
        if self._user is not None and self.client is not None:
            await sync_to_async(self.client.force_login)(self._user)
        self.scope["headers"] = browser_headers(
            self._headers, self.client, self._host, self._origin
        )
        accepted, answer = await self.connect(self.timeout)
        if not accepted:
            raise WebSocketClosedError(int(answer or 1000))
        assert answer == self.protocol, f"expected the subprotocol {self.protocol}, got {answer}"
        await self.send_json_to({"type": "connection_init", "payload": self.connection_params})
        message = await self.receive_json_from(self.timeout)
        assert message["type"] == "connection_ack", f"expected connection_ack, got {message}"
        self.connection_ack = message.get("payload")

    async def disconnect(self, code: int = 1000, timeout: float = SECONDS) -> None:
        """Close the WebSocket, unless a timeout has ended the application already."""
        if not self.future.cancelled():
            await super().disconnect(code, timeout)

    async def receive_from(self, timeout: float = SECONDS) -> str | bytes:
        """Return the next frame.

        Raises:
            WebSocketClosedError: the application closed the WebSocket instead.
            TimeoutError: nothing came; the application is cancelled.
        """
        message = await self.receive_output(timeout)
        if message["type"] == "websocket.close":
            raise WebSocketClosedError(message.get("code", 1000), message.get("reason") or "")
        frame: str | bytes = message["bytes"] if message.get("text") is None else message["text"]
        return frame

    async def subscribe(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Start an operation and yield its results until it is complete.

        Closing the generator early (`contextlib.aclosing`) tells the application to stop it.
        Several operations may run at once, also in several tasks.

        Raises:
            WebSocketClosedError: the application closed the WebSocket.
            TimeoutError: no result came within `timeout` seconds.
        """
        operation = await self._start(query, variables, operation_name)
        try:
            async for result in self._results_of(operation):
                yield result
        finally:
            await self._stop(operation)

    @asynccontextmanager
    async def subscribed(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
    ) -> AsyncIterator[AsyncIterator[ExecutionResult]]:
        """Start an operation, and enter the block when it listens: what is published is not missed.

        It listens when it has entered `Topic.subscribe` or `listen_to_channel`; one that does
        neither is waited for until its first result. Over the legacy subprotocol nobody tells.

        Returns:
            An asynchronous context manager that gives the operation's results. It is stopped at
            the end of the block.

        Raises:
            WebSocketClosedError: the application closed the WebSocket.
            TimeoutError: nothing came within `timeout` seconds.
        """
        operation = await self._start(query, variables, operation_name, {"confirm": True})
        try:
            while not self._has_begun(operation):
                async with self._reading:
                    if not self._has_begun(operation):  # Another task may have read it meanwhile.
                        await self._read()
            yield self._results_of(operation)
        finally:
            await self._stop(operation)

    async def _start(
        self,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        extensions: Mapping[str, Any] | None = None,
    ) -> str:
        operation = uuid.uuid4().hex
        payload = {
            "query": query,
            "variables": variables,
            "operationName": operation_name,
            "extensions": extensions,
        }
        await self.send_json_to(
            {
                "id": operation,
                "type": "subscribe" if self._is_modern else "start",
                "payload": {name: value for name, value in payload.items() if value is not None},
            }
        )
        self._under_way.add(operation)
        return operation

    async def _results_of(self, operation: str) -> AsyncGenerator[ExecutionResult, None]:
        while operation in self._under_way:
            message = await self._next_of(operation)
            if message["type"] in ("complete", "error"):
                self._under_way.discard(operation)
            if message["type"] != "complete":
                yield self._result(message["payload"])

    async def _stop(self, operation: str) -> None:
        if operation in self._under_way and not self.future.done():
            kind = "complete" if self._is_modern else "stop"
            await self.send_json_to({"id": operation, "type": kind})
        self._under_way.discard(operation)
        self._listening.discard(operation)
        self._inbox.pop(operation, None)

    def _has_begun(self, operation: str) -> bool:
        return operation in self._listening or bool(self._inbox[operation])

    @property
    def _is_modern(self) -> bool:
        return self.protocol == GRAPHQL_TRANSPORT_WS_PROTOCOL

    async def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
    ) -> ExecutionResult:
        """Run a query or mutation over the WebSocket and return its only result."""
        results = [
            each async for each in self.subscribe(query, variables, operation_name=operation_name)
        ]
        assert len(results) == 1, f"expected one result, got {len(results)}: {results}"
        return results[0]

    async def _next_of(self, operation: str) -> dict[str, Any]:
        inbox = self._inbox[operation]
        while not inbox:
            async with self._reading:
                if not inbox:
                    await self._read()
        return inbox.popleft()

    async def _read(self) -> None:
        message = await self.receive_json_from(self.timeout)
        if message["type"] == "ping":
            payload = message.get("payload") or {}
            self._listening.add(payload.get("subscribed"))
            await self.send_json_to({**message, "type": "pong"})
        elif "id" in message:
            self._inbox[message["id"]].append(message)

    def _result(self, payload: Any) -> ExecutionResult:
        """Make a result of a payload: errors, one error (legacy) or a formatted result."""
        if isinstance(payload, dict) and "message" not in payload:
            return ExecutionResult(
                data=payload.get("data"),
                errors=self.process_errors(payload.get("errors") or []) or None,
                extensions=payload.get("extensions"),
            )
        errors: list[Any] = payload if isinstance(payload, list) else [payload]
        return ExecutionResult(data=None, errors=self.process_errors(errors))
