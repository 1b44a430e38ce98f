"""Ask a server over each transport, and hear what it answers.

Imports the harness's clients.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import httpx
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tools.harness import clients
from tools.harness.clients import GRAPHQL_TRANSPORT_WS, WebSocketClient
from tools.harness.processes import HOST
from tools.harness.servers import Server

MULTIPART = {"Accept": 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"'}


def visitor(server: Server, cookies: httpx.Cookies | None = None) -> httpx.Client:
    """Return an HTTP client of `server` that sends `cookies`."""
    return httpx.Client(base_url=server.url, timeout=clients.SECONDS, cookies=cookies)


def over_http(
    server: Server, query: str, cookies: httpx.Cookies | None = None, *, path: str = "/graphql"
) -> Any:
    """Return the answer to one operation over HTTP."""
    with visitor(server, cookies) as client:
        return clients.graphql(client, query, path=path).json()


def over_websocket(
    server: Server,
    query: str,
    cookies: httpx.Cookies | None = None,
    *,
    path: str = "/graphql",
    subprotocol: str = GRAPHQL_TRANSPORT_WS,
) -> Any:
    """Return the first answer to one operation over a WebSocket of its own."""
    with WebSocketClient.connect(
        server, path=path, cookies=cookies, subprotocol=subprotocol
    ) as websocket:
        websocket.init()
        return next(answers(websocket, query))


def answers(websocket: WebSocketClient, query: str, id: str = "1") -> Iterator[Any]:
    """Start an operation on an open connection and yield its answers until it is complete."""
    websocket.subscribe(id, query)
    while (message := websocket.next_message())["type"] != "complete":
        assert message["id"] == id
        assert message["type"] in {"next", "data"}, message
        yield message["payload"]


@contextlib.contextmanager
def over_multipart(
    server: Server, query: str, cookies: httpx.Cookies | None = None
) -> Iterator[Iterator[Any]]:
    """Give the answers to a subscription over HTTP, as they come."""
    with (
        visitor(server, cookies) as client,
        client.stream(
            "POST", "/graphql", json={"query": query}, headers={"Origin": server.url, **MULTIPART}
        ) as response,
    ):
        assert response.headers["content-type"].startswith("multipart/mixed")
        yield (part["payload"] for part in map(json.loads, _parts(response)) if part)


def _parts(response: httpx.Response) -> Iterator[str]:
    return (line for line in response.iter_lines() if line.startswith("{"))


def refusal(server: Server, **handshake: Any) -> int:
    """Return the status with which `server` refuses a WebSocket handshake."""
    try:
        WebSocketClient.connect(server, **handshake).close()
    except InvalidStatus as refused:
        return refused.response.status_code
    raise AssertionError(f"{server.name} accepted {handshake}")


def connect_as(host: str, server: Server) -> WebSocketClient:
    """Open a socket to `server` as a page of `host` whose name has been pointed at it."""
    return WebSocketClient(
        connect(
            f"ws://{host}:{server.port}/graphql",
            sock=socket.create_connection((HOST, server.port)),
            origin=Origin(f"http://{host}:{server.port}"),
            subprotocols=[Subprotocol(GRAPHQL_TRANSPORT_WS)],
        )
    )


@contextlib.contextmanager
def listening(server: Server) -> Iterator[WebSocketClient]:
    """Give a client that has joined the room."""
    with WebSocketClient.connect(server) as websocket:
        websocket.init()
        websocket.subscribe("1", "subscription { heard }")
        assert heard(websocket) == "listening"
        yield websocket


def heard(websocket: WebSocketClient) -> Any:
    """Return the next thing said in the room."""
    return websocket.next_message()["payload"]["data"]["heard"]


def say(server: Server, text: str) -> None:
    """Say something in the room."""
    assert over_http(server, f'mutation {{ say(text: "{text}") }}') == {"data": {"say": text}}


def statements(server: Server, client: httpx.Client, path: str) -> list[str]:
    """Return the SQL that a page takes, without its values."""
    before = len(server.log())
    client.get(path).raise_for_status()
    queries = re.findall(r"^SQL (.*)$", server.log()[before:], re.MULTILINE)
    return [re.sub(r"'[^']*'|\b\d+\b", "?", query) for query in queries]
