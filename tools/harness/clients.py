"""Speak to a server as its users do: a login form, GraphQL over HTTP and over WebSocket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as websocket_connect
from websockets.typing import Origin, Subprotocol

from tools.harness.servers import Server

SECONDS = 10.0
GRAPHQL_TRANSPORT_WS = "graphql-transport-ws"
GRAPHQL_WS = "graphql-ws"
SAME_ORIGIN = "same-origin"

Cookies = httpx.Client | httpx.Cookies | Mapping[str, str]


class ClientError(RuntimeError):
    """The server did not answer as this client needs; the message says what came."""


def login(
    server: Server, username: str, password: str, *, path: str = "/accounts/login/"
) -> httpx.Client:
    """Log in through the project's form and return a client that holds the session cookie."""
    with httpx.Client(base_url=server.url, timeout=SECONDS) as client:
        client.get(path).raise_for_status()
        answer = client.post(
            path,
            data={
                "username": username,
                "password": password,
                "csrfmiddlewaretoken": client.cookies.get("csrftoken", ""),
            },
            headers={"Origin": server.url, "Referer": server.url + path},
        )
    if answer.status_code != httpx.codes.FOUND or "sessionid" not in client.cookies:
        raise ClientError(f"login as {username!r} answered {answer.status_code}")
    return httpx.Client(base_url=server.url, timeout=SECONDS, cookies=client.cookies)


def graphql(
    client_or_server: httpx.Client | Server,
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    path: str = "/graphql",
    headers: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> httpx.Response:
    """Send one operation over HTTP, as a page of the same origin would."""
    if isinstance(client_or_server, Server):
        with httpx.Client(base_url=client_or_server.url, timeout=SECONDS) as client:
            return graphql(client, query, variables, path=path, headers=headers, **kwargs)
    body = {"query": query, "variables": variables}
    origin = str(client_or_server.base_url).rstrip("/")
    return client_or_server.post(
        path, json=body, headers={"Origin": origin, **(headers or {})}, **kwargs
    )


class WebSocketClient:
    """A client of ``graphql-transport-ws`` (or the legacy ``graphql-ws``).

    Its ``transcript`` has every frame: ``>`` went to the server, ``<`` came from it.
    """

    def __init__(self, connecting: AbstractContextManager[ClientConnection]) -> None:
        self._stack = ExitStack()
        self.connection = self._stack.enter_context(connecting)
        self.transcript: list[dict[str, Any]] = []

    @classmethod
    def connect(
        cls,
        server: Server,
        *,
        path: str = "/graphql",
        cookies: Cookies | None = None,
        origin: str | None = SAME_ORIGIN,
        subprotocol: str | None = GRAPHQL_TRANSPORT_WS,
        headers: Mapping[str, str] | None = None,
    ) -> WebSocketClient:
        """Open a socket, as a page of the server would; None leaves a header out."""
        sent = dict(headers or {})
        if cookies is not None:
            held = cookies.cookies if isinstance(cookies, httpx.Client) else cookies
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in held.items())
        return cls(
            websocket_connect(
                server.ws_url + path,
                origin=Origin(server.url if origin == SAME_ORIGIN else origin) if origin else None,
                subprotocols=[Subprotocol(subprotocol)] if subprotocol else None,
                additional_headers=sent,
                open_timeout=SECONDS,
                close_timeout=SECONDS,
                proxy=None,
            )
        )

    def __enter__(self) -> WebSocketClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the server chose."""
        return self.connection.subprotocol

    @property
    def close_code(self) -> int | None:
        """The code the connection was closed with; None while it is open."""
        return self.connection.close_code

    @property
    def close_reason(self) -> str | None:
        """The reason the connection was closed with; None while it is open."""
        return self.connection.close_reason

    def send(self, message: Any) -> None:
        """Send ``message`` as JSON."""
        self.transcript.append({"direction": ">", "frame": message})
        self.connection.send(json.dumps(message))

    def send_raw(self, frame: str | bytes) -> None:
        """Send a frame as it is."""
        self.transcript.append({"direction": ">", "frame": frame})
        self.connection.send(frame)

    def next_message(self, timeout: float = SECONDS) -> Any:
        """Return the next frame, decoded."""
        frame = self.connection.recv(timeout)
        message = json.loads(frame)
        self.transcript.append({"direction": "<", "frame": message})
        return message

    def init(self, payload: Mapping[str, Any] | None = None) -> Any:
        """Send ``connection_init`` and return the server's acknowledgement."""
        message: dict[str, Any] = {"type": "connection_init"}
        if payload is not None:
            message["payload"] = dict(payload)
        self.send(message)
        answer = self.next_message()
        if not isinstance(answer, dict) or answer.get("type") != "connection_ack":
            raise ClientError(f"expected connection_ack, got {answer!r}")
        return answer

    def subscribe(self, id: str, query: str, variables: Mapping[str, Any] | None = None) -> None:
        """Start an operation of any kind under ``id``."""
        payload: dict[str, Any] = {"query": query}
        if variables is not None:
            payload["variables"] = dict(variables)
        kind = "start" if self.subprotocol == GRAPHQL_WS else "subscribe"
        self.send({"id": id, "type": kind, "payload": payload})

    def complete(self, id: str) -> None:
        """End the operation ``id`` from this side."""
        self.send({"id": id, "type": "stop" if self.subprotocol == GRAPHQL_WS else "complete"})

    def wait_closed(self, timeout: float = SECONDS) -> int:
        """Read until the server closes the connection and return the close code."""
        try:
            while True:
                self.next_message(timeout)
        except ConnectionClosed:
            code = self.close_code
            if code is None:
                raise
            return code

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; nothing happens where it is closed already."""
        self.connection.close(code, reason)
        self._stack.close()
