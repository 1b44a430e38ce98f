"""A WebSocket server's side of an application, in this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from asgiref.testing import ApplicationCommunicator
from django.test import Client

from tests.support import (
    HOST,
    ORIGIN,
    SECONDS,
    TRANSPORT_WS,
    Application,
    encode_headers,
    ended,
    until,
)


def websocket_scope(
    path: str = "/graphql",
    *,
    client: Client | None = None,
    host: str = HOST,
    origin: str | None = ORIGIN,
    subprotocols: Sequence[str] = (TRANSPORT_WS,),
    headers: Mapping[str, str | bytes | None] | None = None,
    **scope: Any,
) -> dict[str, Any]:
    path, _, query_string = path.partition("?")
    return {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "query_string": query_string.encode("latin1"),
        "root_path": "",
        "headers": encode_headers({"host": host, "origin": origin, **(headers or {})}, client),
        "client": ("127.0.0.1", 50000),
        "server": (host, 80),
        "subprotocols": list(subprotocols),
        **scope,
    }


class Socket:
    """One WebSocket to an application.

    Args:
        unread: how many of the application's messages may wait to be read, before its `send` waits
            (a client that does not read); 0 is without end.
    """

    def __init__(self, application: Application, scope: dict[str, Any], unread: int = 0) -> None:
        self.communicator = ApplicationCommunicator(application, scope)
        self.communicator._output_queue = asyncio.Queue(unread)

    async def handshake(self) -> dict[str, Any]:
        """Open the socket, and return the application's first message."""
        await self.communicator.send_input({"type": "websocket.connect"})
        return await self.message()

    async def message(self) -> dict[str, Any]:
        """Return the application's next ASGI message."""
        message: dict[str, Any] = await self.communicator.receive_output(SECONDS)
        return message

    async def init(self, payload: object = None) -> dict[str, Any]:
        """Begin the connection, and return the acknowledgement."""
        await self.send({"type": "connection_init", "payload": payload})
        answer = await self.receive()
        assert answer["type"] == "connection_ack"
        return answer

    async def send(self, message: object) -> None:
        await self.send_text(json.dumps(message))

    async def send_text(self, text: str) -> None:
        await self.communicator.send_input({"type": "websocket.receive", "text": text})

    async def send_bytes(self, content: bytes) -> None:
        await self.communicator.send_input({"type": "websocket.receive", "bytes": content})

    async def receive(self) -> dict[str, Any]:
        """Return the next frame, decoded."""
        message = await self.message()
        assert message["type"] == "websocket.send", message
        frame: dict[str, Any] = json.loads(message["text"])
        return frame

    async def subscribe(
        self, id: str, query: str, variables: Mapping[str, Any] | None = None, **payload: Any
    ) -> None:
        """Start an operation by graphql-transport-ws."""
        operation = {"query": query, "variables": variables, **payload}
        await self.send({"id": id, "type": "subscribe", "payload": operation})

    async def start(self, id: str, query: str, **payload: Any) -> None:
        """Start an operation by the legacy subprotocol."""
        await self.send({"id": id, "type": "start", "payload": {"query": query, **payload}})

    async def result(self, id: str, query: str, **payload: Any) -> Any:
        """Run a query or mutation by graphql-transport-ws, and return its only result."""
        await self.subscribe(id, query, **payload)
        answer = await self.receive()
        assert (answer["type"], answer["id"]) == ("next", id), answer
        assert await self.receive() == {"id": id, "type": "complete"}
        return answer["payload"]

    async def closed(self) -> tuple[int, str]:
        """See the socket closed, and the application ended; return the code and the reason."""
        message = await self.message()
        assert message["type"] == "websocket.close", message
        await ended(self.communicator)
        return message["code"], message.get("reason", "")

    async def disconnect(self, code: int = 1000) -> None:
        """Close the socket from the client's side, and see the application end."""
        await self.communicator.send_input({"type": "websocket.disconnect", "code": code})
        await ended(self.communicator)


_open: set[Socket] = set()
_tasks_before: set[asyncio.Task[Any]] = set()


@contextlib.asynccontextmanager
async def connect(
    application: Application,
    path: str = "/graphql",
    *,
    unread: int = 0,
    init: bool = True,
    **scope: Any,
) -> AsyncIterator[Socket]:
    """Open a WebSocket (and its connection), and close it at the end of the block.

    At the end nothing of it is left: the application has returned without an exception, and with
    the last open socket the tasks are over that they all have started.
    """
    if not _open:
        _tasks_before.clear()
        _tasks_before.update(asyncio.all_tasks())
    socket = Socket(application, websocket_scope(path, **scope), unread)
    accepted = await socket.handshake()
    assert accepted["type"] == "websocket.accept", accepted
    if init:
        await socket.init()
    _open.add(socket)
    try:
        yield socket
    finally:
        _open.discard(socket)
    if not socket.communicator.future.done():
        await socket.disconnect()
    await until(lambda: _open or not asyncio.all_tasks() - _tasks_before)


async def refused(application: Application, path: str = "/graphql", **scope: Any) -> int:
    """See the handshake refused, and return the HTTP status."""
    extensions: dict[str, Any] = {"websocket.http.response": {}}
    socket = Socket(application, websocket_scope(path, **{"extensions": extensions, **scope}))
    answer = await socket.handshake()
    assert answer["type"] == "websocket.http.response.start", answer
    assert (await socket.message())["type"] == "websocket.http.response.body"
    await ended(socket.communicator)
    status: int = answer["status"]
    return status
