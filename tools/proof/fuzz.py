"""Fuzz: send hostile frames and requests to running servers, and see that nothing breaks.

Hypothesis makes frames and raw requests, Schemathesis makes operations of the schema. Each socket
closes with a code of the protocol or goes on answering; no request is a 5xx; afterwards the log has
no traceback, no task is left, and the memory is back. The server is the site of the live tests.
"""

from __future__ import annotations

import json
import re
import socket
import tempfile
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, cast

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from tests.live.raw import BINARY, CLOSE, PING, TEXT, RawSocket
from tests.live.sites import Site, Sites, until
from tools.harness.processes import HOST
from tools.harness.redis import redis_server
from tools.harness.servers import SERVERS
from tools.proof import records

MIB = 1024 * 1024
#: What the server's memory may grow by: an allocator keeps as much; sockets that are kept are more.
TOLERATED_MIB = 12
SETTLE_SECONDS = 30
#: How many sequences of frames, and requests, a server gets in all.
QUICK, FULL = (120, 120), (12_000, 6_667)
QUIET = cast("Iterable[HealthCheck]", HealthCheck)
#: To shrink what breaks a server would take thousands of frames more; it is printed as it is.
LASTING = settings(
    deadline=None, database=None, phases=[Phase.generate], suppress_health_check=[*QUIET]
)
#: Schemathesis makes no files; a resolver that fails, or sleeps for ever, is the site's own.
LEFT_OUT = ("Mutation.upload", "Query.fail", "Query.wait")

INIT, SIGN = json.dumps({"type": "connection_init"}), json.dumps({"type": "ping"})
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
documents = st.sampled_from(
    [
        *("{ me }", "{ me", "", "{ nothing }", "subscription { count }", "mutation { touch }"),
        *('subscription { tick(name: "fuzz") }', 'subscription { listen(group: "fuzz") }'),
        "query A { me } query B { me }",
        "query ($n: Int!) { echo(text: 1, number: $n) }",
        "{ " * 400 + "me" + " }" * 400,
        "fragment F on Query { ...F } { ...F }",
        "{ __schema { types { name fields { name type { name } } } } }",
    ]
)
payloads = st.fixed_dictionaries(
    {"query": documents},
    optional={"variables": json_values, "operationName": json_values, "extensions": json_values},
)
messages = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["connection_init", "ping", "pong", "complete", "subscribe", "start", "next", ""]
        )
        | json_values
    },
    optional={"id": st.sampled_from(["1", "2", "a" * 200]) | json_values, "payload": payloads},
)
texts = st.one_of(
    messages.map(json.dumps),
    json_values.map(json.dumps),
    st.text(max_size=20),
    st.sampled_from(["[" * 100_000, "9" * 6000, "NaN", '"\\ud800"', "\x00", "x" * (MIB + 1)]),
)
frames = st.one_of(
    texts.map(lambda text: (text.encode("utf-8", "replace"), TEXT)),
    st.binary(max_size=20).map(lambda content: (content, BINARY)),
    st.sampled_from([(b"\xff", TEXT), (b"", PING), (b"x", 0x3), (b"x", 0x0)]),
)
#: Servers close with these for what never reaches the library.
CODES = {1000, 1002, 1003, 1007, 1009, *range(4400, 4500)}


def main(*, full: bool = False) -> int:
    """Fuzz each server until one breaks, and record what a full run was like."""
    sequences, requests = FULL if full else QUICK
    results = []
    with tempfile.TemporaryDirectory() as folder, redis_server() as redis:
        sites = Sites(Path(folder), redis)
        try:
            for name in SERVERS:
                results += [fuzz(sites.get(name, "memory"), sequences, requests)]
        except AssertionError as fault:
            print(f"{SERVERS[len(results)]} broke: {fault}")
            return 1
        finally:
            sites.close()
    print("no 5xx, no traceback, no task left, memory back to base")
    if full:
        records.write("fuzz", {"servers": results}, ("hypothesis", "schemathesis"))
    return 0


def fuzz(site: Site, sequences: int, requests: int, path: str = "/graphql") -> dict[str, Any]:
    """Fuzz one server, and return what it was sent and what it was like before and after.

    Raises:
        AssertionError: what it did, or what it was like afterwards, is not right.
    """
    started, logged = time.monotonic(), len(site.server.log())
    throw_frames(site, max(sequences // 10, 1), path)  # so that caches are full
    tasks, before = len(site.report()["tasks"]), site.report()["memory"]
    sent = throw_frames(site, sequences, path)
    throw_requests(site, requests, path)
    until(lambda: len(site.report()["tasks"]) <= tasks, SETTLE_SECONDS)
    left, after = len(site.report()["tasks"]), site.report()["memory"]
    seconds = round(time.monotonic() - started)
    found = {"server": site.server.name, "frames": sent, "requests": requests, "seconds": seconds}
    found |= {"tasks": (tasks, left), "mib": (before // MIB, after // MIB)}
    print(f"{time.strftime('%H:%M:%S')} {found}", flush=True)
    assert after - before <= TOLERATED_MIB * MIB, f"memory grew from {found['mib']} MiB"
    # Uvicorn logs a traceback of its own, for a frame that it does not pass on to us.
    log = site.server.log()[logged:]
    log = re.sub(r".*Invalid UTF-8 sequence received(.*\n)+?UnicodeDecodeError.*\n", "", log)
    assert "Traceback" not in log, f"a traceback:\n{log[log.index('Traceback') :][:3000]}"
    return found


def throw_frames(site: Site, sequences: int, path: str) -> int:
    """Send sequences of frames, each on a socket of its own; return how many frames it were."""
    sent = 0

    @settings(LASTING, max_examples=sequences)
    @given(st.lists(frames, min_size=1, max_size=8), st.booleans())
    def throw(sequence: list[tuple[bytes, int]], begin: bool) -> None:
        nonlocal sent
        sent += len(sequence)
        first = [(INIT.encode(), TEXT)] if begin else []
        with RawSocket(site, path) as raw:
            for content, opcode in [*first, *sequence, (SIGN.encode(), TEXT)]:
                raw.send(content, opcode)
            end = ending(raw)
        # A server may hang up on what is too long, or no frame at all, before we have sent all.
        hard = any(
            len(content) > MIB or opcode not in (TEXT, BINARY) for content, opcode in sequence
        )
        hard = hard or (b"\xff", TEXT) in sequence
        assert end in CODES or end == "pong" or (hard and end is None), f"ended with {end}"

    throw()
    return sent


def ending(raw: RawSocket) -> int | str | None:
    """Return how a socket ends: its close code, "pong", or None where the server hung up."""
    while (frame := raw.receive()) is not None:
        opcode, content = frame
        if opcode == CLOSE:
            return int.from_bytes(content[:2], "big") if content else 1000
        if opcode == TEXT and json.loads(content)["type"] == "pong":
            return "pong"
    return None


methods = st.sampled_from([b"GET", b"POST", b"PUT", b"OPTIONS", b"HEAD", b"DELETE", b"QUERY"])
queries = st.sampled_from(
    [
        *(b"", b"?query={me}", b"?query=", b"?query=%FF&variables=%FF", b"?variables=["),
        *(b"?query={me}&variables=1", b"?" + b"a=1&" * 2000, b"?extensions=null"),
    ]
)
names = st.sampled_from([b"Accept", b"Content-Type", b"Cookie", b"Origin", b"Referer", b"Foo"])
values = st.binary(max_size=12).filter(lambda value: not {0, 10, 13} & set(value))
values |= st.sampled_from([b"application/json", b"text/html, */*;q=0.8", b"a=b; sessionid=x"])
bodies = st.one_of(
    st.binary(max_size=40),
    (json_values | payloads).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"[" * 50_000, b"9" * 6000, b'{"query": "{ me }"', b'{"query":"\xff"}']),
)


def throw_requests(site: Site, count: int, path: str) -> None:
    """Send requests byte by byte, and operations that Schemathesis makes of the schema.

    Raises:
        AssertionError: one was answered with 5xx.
    """

    @settings(LASTING, max_examples=count // 2)
    @given(methods, queries, st.dictionaries(names, values, max_size=4), bodies)
    def throw(method: bytes, query: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        lines = [method + b" " + path.encode() + query + b" HTTP/1.1", b"Host: 127.0.0.1"]
        lines += [name + b": " + value for name, value in headers.items()]
        lines += [b"Content-Length: %d" % len(body), b"Connection: close", b"", b""]
        with socket.create_connection((HOST, site.server.port), timeout=10) as connection:
            connection.sendall(b"\r\n".join(lines) + body)
            answer = b"".join(iter(partial(connection.recv, 65536), b""))
        status = int(answer.split(b" ")[1]) if answer else 0
        assert status < 500, f"{status} for {lines} {body[:200]!r}"

    throw()
    schema = schemathesis.graphql.from_url(f"{site.url}{path}")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    operations = [found for found in operations if found.label not in LEFT_OUT]
    for operation in operations:

        @settings(LASTING, max_examples=max(count // 2 // len(operations), 1))
        @given(operation.as_strategy())
        def ask(case: Any) -> None:
            response = case.call()
            assert response.status_code < 500, response.text

        ask()
