"""HTTP requests that a client might send; every answer must be below 500.

Imports `frames` and the harness. Two ways: requests of our own making, byte by
byte, and Schemathesis, which reads the schema and makes operations of it.
"""

from __future__ import annotations

import json
import socket
from typing import Any

import schemathesis
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from tools.fuzz import frames
from tools.fuzz.frames import EVERY_CHECK
from tools.fuzz.sockets import Progress
from tools.harness.servers import Server

_header_values = st.one_of(
    st.binary(max_size=12).filter(lambda value: not {0, 10, 13} & set(value)),
    st.sampled_from(
        [b"application/json", b"\xff\xfe", b"text/html, */*;q=0.8", b"a=b; sessionid=x"]
    ),
)
_headers = st.dictionaries(
    st.sampled_from(
        [b"Accept", b"Content-Type", b"Cookie", b"Origin", b"Referer", b"X-Forwarded-Host", b"Foo"]
    ),
    _header_values,
    max_size=4,
)
_bodies = st.one_of(
    st.binary(max_size=40),
    frames.json_values.map(lambda value: json.dumps(value).encode()),
    frames.subscribe_payloads(frames.short_documents).map(lambda value: json.dumps(value).encode()),
    st.sampled_from(
        [b"[" * 50_000, b"9" * 6000, b'{"query": "{ me }"', b'{"query":"\xff"}', b"\x00"]
    ),
)
_queries = st.sampled_from(
    [
        b"",
        b"?query={me}",
        b"?query=%7Bme%7D",
        b"?query=",
        b"?query=%FF&variables=%FF",
        b"?variables=[",
        b"?query={me}&variables=1",
        b"?" + b"a=1&" * 2000,
        b"?explorer-asset=../x",
        b"?extensions=null",
    ]
)
_methods = st.sampled_from([b"GET", b"POST", b"PUT", b"OPTIONS", b"HEAD", b"DELETE", b"QUERY"])


def _ask(
    server: Server, method: bytes, query: bytes, headers: dict[bytes, bytes], body: bytes
) -> int:
    """Send a request as bytes; return the status, or 0 if the server hung up without one."""
    lines = [method + b" /graphql" + query + b" HTTP/1.1", b"Host: 127.0.0.1"]
    lines += [name + b": " + value for name, value in headers.items()]
    lines += [b"Content-Length: %d" % len(body), b"Connection: close", b"", b""]
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"\r\n".join(lines) + body)
        answer = b""
        while b"\r\n" not in answer and (more := connection.recv(4096)):
            answer += more
    return int(answer.split(b" ")[1]) if answer else 0


def throw_requests(server: Server, count: int, progress: Progress) -> None:
    """Send `count` requests of our own making.

    Raises:
        AssertionError: one was answered with 5xx.
    """

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=EVERY_CHECK,
    )
    @given(_methods, _queries, _headers, _bodies)
    def throw(method: bytes, query: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        progress.add()
        status = _ask(server, method, query, headers, body)
        assert status < 500, f"{status} for {method!r} {query!r} {headers!r} {body[:200]!r}"

    throw()


def throw_operations(server: Server, count: int, progress: Progress) -> None:
    """Send `count` operations that Schemathesis makes of the schema.

    Raises:
        AssertionError: one was answered with 5xx, or not with JSON.
    """
    schema = schemathesis.graphql.from_url(f"{server.url}/graphql")
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    for operation in operations:

        @settings(
            max_examples=max(count // len(operations), 1),
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=EVERY_CHECK,
        )
        @given(operation.as_strategy())
        def throw(case: Any) -> None:
            progress.add()
            response = case.call()
            assert response.status_code < 500, response.text
            response.json()

        throw()
