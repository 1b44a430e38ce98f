"""An ASGI server's side of an application, in this process: requests, streams and WebSockets.

Nothing here stands for a part of what is tested: the applications, sessions, databases and channel
layers are the real ones; only the network is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, TypeVar
from urllib.parse import quote

from asgiref.testing import ApplicationCommunicator
from django.db import connections
from django.db.backends.signals import connection_created
from django.test import Client

from strawberry_django.realtime.threads import pool

HOST = "testserver"
ORIGIN = f"http://{HOST}"
TRANSPORT_WS = "graphql-transport-ws"
LEGACY_WS = "graphql-ws"
SECONDS = 5

Application = Callable[..., Any]
Result = TypeVar("Result")


async def until(condition: Callable[[], Any], seconds: float = SECONDS) -> None:
    """Wait until `condition` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{condition} still does not hold"
        await asyncio.sleep(0.002)


async def ended(communicator: ApplicationCommunicator, seconds: float = SECONDS) -> None:
    """See the application return by itself, without an exception."""
    await asyncio.wait({communicator.future}, timeout=seconds)
    assert communicator.future.done(), "the application still runs"
    communicator.future.result()


async def in_database(function: Callable[[], Result]) -> Result:
    """Call `function` in a thread, and leave no database connection behind."""

    def call() -> Result:
        try:
            return function()
        finally:
            connections.close_all()

    return await asyncio.to_thread(call)


@contextlib.contextmanager
def queries() -> Iterator[list[str]]:
    """Collect the SQL of every connection that is opened inside the block, in any thread."""
    collected: list[str] = []

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        collected.append(sql)
        return execute(sql, params, many, context)

    def opened(connection: Any, **_: Any) -> None:
        if record not in connection.execute_wrappers:
            connection.execute_wrappers.append(record)

    pool.close()  # Its threads have connections open.
    connection_created.connect(opened)
    try:
        yield collected
    finally:
        connection_created.disconnect(opened)


def encode_headers(
    headers: Mapping[str, str | bytes | None], client: Client | None = None
) -> list[tuple[bytes, bytes]]:
    """Return ASGI headers: those that are not `None`, and the cookies of `client`."""
    jar = client.cookies if client is not None else SimpleCookie()
    cookies = "; ".join(f"{key}={morsel.coded_value}" for key, morsel in jar.items())
    everything = {"cookie": cookies or None, **headers}
    return [
        (name.lower().encode(), value if isinstance(value, bytes) else value.encode("latin1"))
        for name, value in everything.items()
        if value is not None
    ]


@dataclass
class Answer:
    """What an application answered over HTTP."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def __getitem__(self, name: str) -> str:
        return ", ".join(value for key, value in self.headers if key == name.lower())

    @property
    def cookies(self) -> SimpleCookie:
        cookies: SimpleCookie = SimpleCookie()
        for key, value in self.headers:
            if key == "set-cookie":
                cookies.load(value)
        return cookies

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """The message of the first error."""
        message: str = self.json()["errors"][0]["message"]
        return message


@dataclass
class Exchange:
    """One HTTP request to an application, and its answer as it comes."""

    application: Application
    scope: dict[str, Any]
    communicator: ApplicationCommunicator = field(init=False)

    def __post_init__(self) -> None:
        self.communicator = ApplicationCommunicator(self.application, self.scope)

    async def send(self, *chunks: bytes) -> None:
        for number, chunk in enumerate(chunks, start=1):
            message = {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
            await self.communicator.send_input(message)

    async def start(self) -> Answer:
        message = await self.communicator.receive_output(SECONDS)
        assert message["type"] == "http.response.start"
        headers = [
            (key.decode().lower(), value.decode("latin1")) for key, value in message["headers"]
        ]
        return Answer(message["status"], headers)

    async def chunk(self) -> bytes | None:
        """Return the next piece of the body, or `None` after the last."""
        message = await self.communicator.receive_output(SECONDS)
        assert message["type"] == "http.response.body"
        body: bytes = message.get("body", b"")
        return body if body or message.get("more_body") else None

    async def chunk_with(self, text: str) -> str:
        """Return the next piece of the body that has `text` in it."""
        while (chunk := await self.chunk()) is not None:
            if text.encode() in chunk:
                return chunk.decode()
        raise AssertionError(f"the stream ended without {text!r}")

    async def disconnect(self) -> None:
        """Go away, as a browser that leaves the page, and see the application end."""
        await self.communicator.send_input({"type": "http.disconnect"})
        await ended(self.communicator)

    async def answer(self) -> Answer:
        answer = await self.start()
        more = True
        while more:
            message = await self.communicator.receive_output(SECONDS)
            answer.body += message.get("body", b"")
            more = message.get("more_body", False)
        await ended(self.communicator)
        return answer


def http_scope(
    method: str = "POST",
    path: str = "/graphql",
    *,
    headers: Mapping[str, str | bytes | None] | None = None,
    client: Client | None = None,
    **scope: Any,
) -> dict[str, Any]:
    path, _, query_string = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": query_string.encode("latin1"),
        "root_path": "",
        "headers": encode_headers({"host": HOST, **(headers or {})}, client),
        "client": ("127.0.0.1", 50000),
        "server": (HOST, 80),
        **scope,
    }


async def request(
    application: Application,
    method: str = "POST",
    path: str = "/graphql",
    body: bytes | list[bytes] = b"",
    *,
    client: Client | None = None,
    **scope: Any,
) -> Answer:
    """Send a request and return the answer; the cookies of `client` go out and come back."""
    exchange = Exchange(application, http_scope(method, path, client=client, **scope))
    await exchange.send(*(body if isinstance(body, list) else [body]))
    answer = await exchange.answer()
    if client is not None:
        client.cookies.update(answer.cookies)
    return answer


def post_parts(
    data: object, headers: Mapping[str, str | bytes | None] | None = None
) -> tuple[bytes, dict[str, str | bytes | None]]:
    return json.dumps(data).encode(), {"content-type": "application/json", **(headers or {})}


async def post(
    application: Application,
    data: object,
    *,
    path: str = "/graphql",
    headers: Mapping[str, str | bytes | None] | None = None,
    **kwargs: Any,
) -> Answer:
    """Post `data` as JSON."""
    body, sent = post_parts(data, headers)
    return await request(application, "POST", path, body, headers=sent, **kwargs)


async def ask(
    application: Application,
    query: str,
    variables: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> Any:
    """Post an operation and return what is in the body of its 200."""
    answer = await post(application, {"query": query, "variables": variables}, **kwargs)
    assert answer.status == 200, answer
    return answer.json()


@contextlib.asynccontextmanager
async def stream(
    application: Application, query: str, accept: str, **kwargs: Any
) -> AsyncIterator[tuple[Answer, Exchange]]:
    """Post a subscription, and go away at the end of the block if it still runs."""
    body, headers = post_parts({"query": query}, {"accept": accept})
    exchange = Exchange(application, http_scope(headers=headers, **kwargs))
    await exchange.send(body)
    try:
        yield await exchange.start(), exchange
    finally:
        if not exchange.communicator.future.done():
            await exchange.disconnect()
