"""Who gets in: bodies, headers and cookies of any size and any bytes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from tests.live.promises import expected, promise
from tests.live.raw import RawSocket, handshake_status
from tests.live.sites import SECONDS, Site
from tools.harness.processes import HOST

LIMIT = 2_621_440  # Django's DATA_UPLOAD_MAX_MEMORY_SIZE
MIB = 1024 * 1024
JSON = {"Content-Type": "application/json"}

long_body = promise(
    "A huge body over HTTP, with its length or in chunks",
    does="413 as soon as the limit is passed; the rest is not read into memory",
    setting="`DATA_UPLOAD_MAX_MEMORY_SIZE` (2.5 MiB)",
)
malformed = promise(
    "A malformed body, header, cookie or query string",
    does="a 4xx that says what is wrong: no 500, no traceback",
)
long_message = promise(
    "A huge WebSocket message",
    does="the socket is closed with 1009",
    setting="`max_message_size` (1 MiB)",
)


@long_body
@expected("body", "A body over `DATA_UPLOAD_MAX_MEMORY_SIZE` is a 413")
def test_a_long_body_is_a_413(site: Site) -> None:
    body = b'{"query": "{ ping }", "filling": "' + b"x" * LIMIT + b'"}'
    assert site.client().post("/graphql", content=body, headers=JSON).status_code == 413
    short = b'{"query": "{ ping }", "filling": "' + b"x" * (LIMIT - 100) + b'"}'
    assert site.client().post("/graphql", content=short, headers=JSON).status_code == 200


@long_body
@expected("body-memory", "A body of 50 MB does not fill the memory")
def test_chunks_without_end_are_a_413(uvicorn: Site) -> None:
    def chunks() -> Iterator[bytes]:
        yield from itertools.repeat(b"x" * 65536, 50 * MIB // 65536)

    before = uvicorn.report()["memory"]
    try:
        answer = uvicorn.client().post("/graphql", content=chunks(), headers=JSON)
        assert answer.status_code == 413
    except (httpx.WriteError, httpx.ReadError):
        # The server has answered and gone before the client had said all.
        assert "refused (413)" in uvicorn.server.log()
    assert uvicorn.report()["memory"] - before < 20 * MIB


@long_body
@pytest.mark.parametrize("chunked", [False, True])
def test_who_sends_all_of_a_long_body_reads_the_413(site: Site, chunked: bool) -> None:
    """Its client writes on while it is answered; a server that closed then would reset that."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 1_000_000

    async def post() -> int:
        content = pieces() if chunked else b"x" * 10_000_000
        async with httpx.AsyncClient(base_url=site.url, timeout=SECONDS) as client:
            return (await client.post("/graphql", content=content, headers=JSON)).status_code

    async def several() -> list[int]:
        return [await post() for _ in range(3)]

    assert asyncio.run(several()) == [413] * 3


@long_body
def test_a_body_without_end_has_one(site: Site) -> None:
    if site.server.name == "daphne":
        return  # It hands a request on when it has all of it.
    with socket.create_connection((HOST, site.server.port), timeout=SECONDS) as raw:
        raw.sendall(
            b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        sent, chunk = 0, b"100000\r\n" + b"x" * MIB + b"\r\n"
        with contextlib.suppress(OSError):
            while sent < 200:
                raw.sendall(chunk)
                sent += 1
        assert 8 < sent < 200


@long_body
def test_a_declared_length_is_refused_before_the_body(site: Site) -> None:
    with socket.create_connection((HOST, site.server.port), timeout=SECONDS) as raw:
        raw.sendall(
            b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 999999999\r\n\r\n"
        )
        if site.server.name == "daphne":  # It hands a request on when it has all of it.
            return
        assert raw.recv(4096).split(b" ")[1] == b"413"


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b'{"query": "\xff"}',
    "a number": b"1",
    "null": b"null",
    "a query of a number": b'{"query": 1}',
    "variables of a list": b'{"query": "{ ping }", "variables": []}',
    "an operation name of a number": b'{"query": "{ ping }", "operationName": 1}',
    "deep": b"[" * 100_000,
    "a huge number": b"9" * 10_000,
}


@malformed
@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("path", ["/graphql", "/inside"])
@expected("json-number", "A body that is no request is a 400")
def test_a_malformed_body_is_a_400(uvicorn: Site, kind: str, path: str) -> None:
    with uvicorn.quiet():
        answer = uvicorn.client().post(path, content=BODIES[kind], headers=JSON)
    assert answer.status_code == 400, answer.text


def exchange(site: Site, *lines: bytes, target: bytes = b"/graphql") -> int:
    """Send a request of our own making, and return its status."""
    body = json.dumps({"query": "{ ping }"}).encode()
    head = [b"POST " + target + b" HTTP/1.1", b"Connection: close", *lines]
    if not any(line.lower().startswith(b"host:") for line in lines):
        head.append(b"Host: 127.0.0.1")
    if not any(line.lower().startswith(b"content-type:") for line in lines):
        head.append(b"Content-Type: application/json")
    head.append(b"Content-Length: %d" % len(body))
    with socket.create_connection((HOST, site.server.port), timeout=SECONDS) as raw:
        raw.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
        answer = b""
        while chunk := raw.recv(65536):
            answer += chunk
    # Twisted, under Daphne, hangs up without an answer to some content types.
    return int(answer.split(b" ")[1]) if answer else 400


ANY_BYTES = bytes(byte for byte in range(0x80, 0x100))
HEADERS = {
    "any header": b"X-Any: " + ANY_BYTES,
    "a cookie": b"Cookie: sessionid=" + ANY_BYTES,
    "a cookie's name": b"Cookie: " + ANY_BYTES + b"=1",
    "a cookie without end": b'Cookie: sessionid="',
    "a content type": b"Content-Type: application/json; charset=" + ANY_BYTES,
    "an unknown charset": b"Content-Type: application/json; charset=nonsense",
    "accept": b"Accept: " + ANY_BYTES,
    "an origin": b"Origin: " + ANY_BYTES,
    "a referer": b"Referer: http://[" + ANY_BYTES,
    "authorization": b"Authorization: " + ANY_BYTES,
    "host": b"Host: " + ANY_BYTES,
    "a session that cannot be": b"Cookie: sessionid=" + b"x" * 4000,
}


@malformed
@pytest.mark.parametrize("kind", HEADERS)
@pytest.mark.parametrize("path", [b"/graphql", b"/inside"])
@expected("header-bytes", "A header with a byte over 0x7F is not a server error")
def test_any_byte_in_a_header_is_no_500(site: Site, kind: str, path: bytes) -> None:
    if kind == "host" and path == b"/inside":
        return  # Django's own middleware refuses it there, and logs that with a traceback.
    with site.quiet():
        assert exchange(site, HEADERS[kind], target=path) < 500


@malformed
@pytest.mark.parametrize(
    "query", [b"%ff", b"query=%ff", b"query=%7B&variables=%ff", b"\xc3(", b"a"]
)
def test_any_byte_in_the_query_string_is_no_500(site: Site, query: bytes) -> None:
    with site.quiet():
        assert exchange(site, target=b"/graphql?" + query) < 500
        assert handshake_status(site, "/graphql?query=%ff") in {101, 400, 403}


@malformed
@pytest.mark.parametrize("kind", ["any header", "a cookie", "a cookie's name", "authorization"])
def test_any_byte_in_the_header_of_a_handshake_is_no_500(site: Site, kind: str) -> None:
    name, value = HEADERS[kind].split(b": ", 1)
    with site.quiet():
        assert handshake_status(site, headers={name.decode(): value}) < 500


def too_big(site: Site) -> int:
    """Return the code for a long message; Daphne sends no 1009."""
    return 4400 if site.server.name == "daphne" else 1009


@long_message
def test_a_long_message_closes_the_socket(site: Site) -> None:
    with site.socket("/small") as opened, site.quiet():
        opened.send({"type": "connection_init", "payload": {"filling": "x" * 1000}})
        assert opened.wait_closed() == too_big(site)


@long_message
def test_the_limit_is_a_mebibyte_by_default(site: Site) -> None:
    with site.socket() as opened:
        opened.init({"filling": "x" * (MIB - 1000)})
    with site.socket() as opened, site.quiet():
        opened.send({"type": "connection_init", "payload": {"filling": "x" * MIB}})
        # Daphne has the same limit of its own, and hangs up.
        assert opened.wait_closed() in ({1006} if site.server.name == "daphne" else {1009})


too_long_a_result = promise(
    "A result is longer than the server sends in one WebSocket message (Daphne: 1 MiB)",
    does="an `error` for its operation, which names the setting; the socket goes on",
    setting="`--websocket-max-message-size` of Daphne",
)


@too_long_a_result
@pytest.mark.parametrize("kind", ["query", "event", "errors", "legacy"])
def test_a_long_result_never_leaves_a_dead_socket(site: Site, kind: str) -> None:
    legacy = kind == "legacy"
    start, result = ("start", "data") if legacy else ("subscribe", "next")
    queries = {
        "event": f'subscription {{ flood(size: {MIB}, name: "long", seconds: 0.01) }}',
        # Each variable is never used in an operation of a long name.
        "errors": f"query {'n' * 40_000}({' '.join(f'$v{n}: Int' for n in range(30))}) {{ ping }}",
    }
    query = queries.get(kind, f"{{ big(size: {MIB}) }}")
    headers = {"Sec-WebSocket-Protocol": "graphql-ws"} if legacy else None
    said: dict[str, list[Any]] = {"long": [], "next": []}
    with RawSocket(site, "/legacy" if legacy else "/graphql", headers) as raw:
        raw.send('{"type": "connection_init"}')
        for id_, text in (("long", query), ("next", "{ ping }")):
            raw.send(json.dumps({"id": id_, "type": start, "payload": {"query": text}}))
        while not all(each and each[-1]["type"] in {"complete", "error"} for each in said.values()):
            frame = raw.receive()
            assert frame is not None
            message = json.loads(frame[1])
            if message["type"] == "ping":
                raw.send('{"type": "pong"}')
            said.get(message.get("id"), []).append(message)
    assert [each["type"] for each in said["next"]] == [result, "complete"]
    if site.server.name == "daphne":
        assert [each["type"] for each in said["long"]] == ["error"]
        assert "--websocket-max-message-size" in json.dumps(said["long"][0]["payload"])
