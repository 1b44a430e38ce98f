"""What one visitor costs the others: threads and memory. Imports `claims`, `site`, the harness."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial

from tools.harness.raw import CLOSE, TEXT, RawSocket
from tools.stock.claims import Seen, claim
from tools.stock.site import Site

MIB = 1024 * 1024
SLOW = 2.0
TRIES = 4
SHORT, CALLS = 0.5, 6
FLOOD_SECONDS, ROOM = 30.0, 50

expected = partial(claim, kind="expected")


def seconds_of(action: Callable[[], object]) -> float:
    """Return how long something took."""
    start = time.monotonic()
    action()
    return time.monotonic() - start


@expected(
    "slow-query", says="A slow query on one socket does not hold up a Django page", timed=True
)
def slow_query(site: Site) -> Seen:
    """A resolver that waits in the ORM's thread, and a page meanwhile."""
    site.get("/plain/")
    with site.socket() as socket:
        socket.init()
        socket.subscribe("1", f"{{ wait(seconds: {SLOW}) }}")
        # Several, for the first may come before the query.
        took = max(seconds_of(lambda: site.get("/plain/")) for _ in range(TRIES))
        socket.next_message()
    holds = took < SLOW / 2
    return Seen(holds, "the page comes at once" if holds else f"the page waits {took:.0f} s")


@expected(
    "slow-socket", says="A slow query on one socket does not hold up another socket", timed=True
)
def slow_socket(site: Site) -> Seen:
    """The same, and an operation of the same kind on another socket."""
    with site.socket() as first, site.socket() as second:
        first.init()
        second.init()
        first.subscribe("1", f"{{ wait(seconds: {SLOW}) }}")

        def ask() -> None:
            second.subscribe("1", "{ wait(seconds: 0) }")
            while second.next_message()["type"] != "complete":
                pass

        took = max(seconds_of(ask) for _ in range(TRIES))
        first.next_message()
    holds = took < SLOW / 2
    return Seen(holds, "answered at once" if holds else f"it waits {took:.0f} s")


@expected(
    "slow-handshake", says="A slow query on one socket does not hold up a handshake", timed=True
)
def slow_handshake(site: Site) -> Seen:
    """The same, and visitors who come meanwhile, each with a session."""
    visitor = site.visitor()
    with site.socket() as first:
        first.init()
        first.subscribe("1", f"{{ wait(seconds: {SLOW}) }}")

        def come() -> None:
            with site.socket(visitor) as socket:
                socket.init()

        took = max(seconds_of(come) for _ in range(TRIES))
        first.next_message()
    holds = took < SLOW / 2
    return Seen(holds, "let in at once" if holds else f"it waits {took:.0f} s")


@expected(
    "parallel", says="Six queries of 0.5 s, on six sockets, run beside each other", timed=True
)
def parallel(site: Site) -> Seen:
    """As many sockets as a small office has."""
    sockets = [site.socket() for _ in range(CALLS)]
    for socket in sockets:
        socket.init()

    def ask() -> None:
        for socket in sockets:
            socket.subscribe("1", f"{{ wait(seconds: {SHORT}) }}")
        for socket in sockets:
            socket.next_message()

    took = seconds_of(ask)
    for socket in sockets:
        socket.close()
    holds = took < CALLS * SHORT / 2
    return Seen(holds, "beside each other" if holds else f"one after the other: {took:.0f} s")


@expected(
    "slow-reader",
    says="A client that does not read does not fill the server's memory",
    alone=True,
)
def slow_reader(site: Site) -> Seen:
    """125 MiB of events, and a subscriber who takes none of them."""
    visitor = site.visitor()
    before = site.report()["memory"]
    operation = {"query": "subscription { listen }"}
    with RawSocket(site.server, receive_buffer=4096) as raw:
        raw.send(json.dumps({"type": "connection_init"}))
        raw.send(json.dumps({"id": "1", "type": "subscribe", "payload": operation}))
        while b"listening" not in (received := raw.receive() or (CLOSE, b"listening"))[1]:
            pass
        assert received[0] == TEXT
        site.act("flood", visitor, timeout=FLOOD_SECONDS)
        grown = (site.report()["memory"] - before) / MIB
    if grown < ROOM:
        return Seen(True, f"under {ROOM} of 125 MiB are kept")
    return Seen(False, f"{grown // 25 * 25:.0f} of 125 MiB are kept")


@expected(
    "optimizer",
    says="A subscription takes no more queries than a query with the same selection",
    neither="the optimizer of strawberry-graphql-django acts on queries",
)
def optimizer(site: Site) -> Seen:
    """Twenty rows, and what each of them belongs to."""
    site.act("log", site.visitor())
    selection = "{ entries { user { username } } }"
    query = site.queries(lambda: site.over_http(selection))
    subscription = site.queries(lambda: site.over_websocket(f"subscription {selection}"))
    assert query
    return Seen(subscription <= query, f"{subscription} in place of {query}")
