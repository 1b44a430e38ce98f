"""What a client may do: not read. What waits for it has a bound, and so has the server's memory."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import httpx
import pytest

from tests.live.promises import expected, promise
from tests.live.raw import CLOSE, TEXT, RawSocket
from tests.live.sites import Site, new_name, until

MIB = 1024 * 1024
READERS = 40
EVENTS = 300
EVENT_BYTES = 4096
#: What the kernel holds for a client that does not read.
RECEIVE_BUFFER = 4096
FLOOD_SECONDS = 10
GOING_AWAY = (1001).to_bytes(2, "big")

stopped = promise(
    "Readers stop while events go on, hundreds of them",
    does="a bound for each socket: frames on their way by bytes, events that wait by number; then "
    "the socket is closed with 4429, and the server's memory stays flat",
    setting="`max_outbound_bytes` (256 KiB), `send_timeout` (20 s), `listener_capacity` (1000)",
)
policy = promise(
    "A subscription falls behind",
    does="as the project says: close, lose the oldest, or keep the newest only",
    setting='`slow_consumer` ("close")',
)
hasty = promise(
    "A client sends faster than it is served",
    does="read one message at a time: the rest waits in the network, not in memory",
    setting="`max_messages_per_second` (100)",
)
greedy = promise(
    "A subscription has much to say, and never waits for anything",
    does="let the other sockets have their turn after every few frames; it ends when its client "
    "stops it, or leaves",
)


@contextmanager
def listener(site: Site, path: str, group: str) -> Iterator[RawSocket]:
    """Subscribe, read that the subscription listens, and then read no more."""
    query = f'subscription {{ listen(group: "{group}") }}'
    with RawSocket(site, path, receive_buffer=RECEIVE_BUFFER) as raw:
        raw.send('{"type": "connection_init"}')
        raw.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        while (frame := raw.receive()) is not None:
            if b"listening" in frame[1]:
                break
        yield raw


def texts_of(raw: RawSocket, last: str) -> tuple[list[str], int | None]:
    """Read on, with pongs, to the text `last` or to a close frame; return texts and code."""
    texts: list[str] = []
    while (frame := raw.receive()) is not None:
        opcode, content = frame
        if opcode != TEXT:
            return texts, int.from_bytes(content[:2], "big")
        message: Any = json.loads(content)
        if message["type"] == "ping":
            raw.send('{"type": "pong"}')
        elif message["type"] == "next":
            if message["payload"].get("errors"):
                continue
            texts.append(message["payload"]["data"]["listen"])
            if texts[-1].startswith(last):
                return texts, None
    return texts, None


@stopped
@expected("slow-reader", "A client that does not read does not fill the memory")
def test_memory_stays_flat_while_readers_stand_still(site: Site) -> None:
    """Behind each reader wait 32 KiB of frames and 20 events, and then no more."""
    group = new_name("stopped")
    events = [f"{number} ".ljust(EVENT_BYTES, "x") for number in range(EVENTS)]
    with listener(site, "/overflow-drop", group):
        pass  # What a process loads with its first socket is not counted.
    with ExitStack() as stack:
        before = site.report()["memory"]
        for _ in range(READERS):
            stack.enter_context(listener(site, "/overflow-drop", group))
        until(lambda: site.running(group) == READERS)
        grown = []
        for start in range(0, EVENTS, 50):
            site.act("publish", group=group, texts=events[start : start + 50])
            grown.append(site.report()["memory"] - before)
    until(lambda: not site.running(group))
    assert grown[-1] - grown[1] < 8 * MIB
    assert grown[-1] < READERS * (20 * 2 * EVENT_BYTES + 256 * 1024) + 16 * MIB


@stopped
def test_a_reader_that_stops_is_closed(site: Site) -> None:
    name = new_name("tick")
    query = f'subscription {{ tick(name: "{name}", every: 0) }}'
    with RawSocket(site, "/impatient", receive_buffer=RECEIVE_BUFFER) as raw:
        raw.send('{"type": "connection_init"}')
        raw.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        while (frame := raw.receive()) is not None and b'"next"' not in frame[1]:
            pass
        until(lambda: not site.running(name))
        assert raw.close_code() in {4429, None}
    until(lambda: "Too slow" in site.server.log() or "has not read" in site.server.log())


@stopped
def test_what_is_on_its_way_has_a_bound(site: Site) -> None:
    """A generator that is faster than its client waits for it."""
    name = new_name("tick")
    query = f'subscription {{ tick(name: "{name}", every: 0) }}'
    with RawSocket(site, "/patient", receive_buffer=RECEIVE_BUFFER) as raw:
        raw.send('{"type": "connection_init"}')
        raw.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        until(lambda: site.running(name))
        before = site.report()["memory"]
        start = time.monotonic()
        while time.monotonic() - start < 1:
            assert site.report()["memory"] - before < 16 * MIB


@stopped
def test_pongs_of_a_client_that_reads_nothing_make_no_room(site: Site) -> None:
    """Whatever it claims, the server's buffer for its connection is the bound."""
    name = new_name("pongs")
    query = f'subscription {{ flood(size: 1000, name: "{name}", seconds: {FLOOD_SECONDS}) }}'
    with RawSocket(site, "/patient", receive_buffer=RECEIVE_BUFFER) as raw:
        raw.patience(0.5)
        raw.send('{"type": "connection_init"}')
        raw.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        until(lambda: site.running(name))
        before = site.report()["memory"]
        for _ in range(20):
            for _ in range(100):
                raw.send('{"type": "pong"}')
            assert site.report()["memory"] - before < 16 * MIB
    until(lambda: not site.running(name))


@policy
@pytest.mark.parametrize("kind", ["close", "drop", "latest"])
def test_a_subscription_that_falls_behind(site: Site, kind: str) -> None:
    group, events = new_name("behind"), 200
    with listener(site, f"/overflow-{kind}", group) as raw:
        texts = [f"{number} ".ljust(EVENT_BYTES, "x") for number in range(events)]
        site.act("publish", group=group, texts=[*texts, "last"])
        came, code = texts_of(raw, "last")
    assert len(came) < events
    if kind == "close":
        assert "last" not in came
        # Servers hang up on a client that does not read its close frame for long.
        assert code in {4429, None}
        until(lambda: not site.running(group))
    else:
        assert came[-1] == "last"


@hasty
def test_a_client_that_sends_and_never_reads_fills_no_memory(site: Site) -> None:
    before = site.report()["memory"]
    query = json.dumps({"id": "1", "type": "ping", "payload": {"filling": "x" * 60_000}})
    with RawSocket(site, receive_buffer=RECEIVE_BUFFER) as raw:
        raw.patience(0.5)
        raw.send('{"type": "connection_init"}')
        for _ in range(400):
            if not raw.send(query):
                break
        assert site.report()["memory"] - before < 32 * MIB


@contextmanager
def flooded(site: Site, path: str = "/graphql") -> Iterator[tuple[RawSocket, str]]:
    """Subscribe to what never waits, and see that it comes."""
    name = new_name("greedy")
    query = f'subscription {{ flood(size: 1, name: "{name}", seconds: {FLOOD_SECONDS}) }}'
    try:
        with RawSocket(site, path) as raw:
            raw.send('{"type": "connection_init"}')
            raw.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
            until(lambda: site.running(name))
            yield raw, name
    finally:
        # A server that is held up by it must not fail the tests that come after.
        until(lambda: answers(site), 4 * FLOOD_SECONDS)


def answers(site: Site) -> bool:
    """Tell whether the server does."""
    with suppress(httpx.TransportError):
        return bool(site.report())
    return False


def read_on(raw: RawSocket) -> None:
    """Read on, with pongs, to the end."""
    while (frame := raw.receive()) is not None and frame[0] == TEXT:
        if b'"ping"' in frame[1]:
            raw.send('{"type": "pong"}')


@greedy
@pytest.mark.parametrize("path", ["/graphql", "/unbounded"])
def test_what_never_waits_ends_with_its_client(site: Site, path: str) -> None:
    with flooded(site, path) as (_, name):
        pass
    until(lambda: not site.running(name))


@greedy
@pytest.mark.parametrize("path", ["/graphql", "/unbounded"])
def test_what_never_waits_ends_when_its_client_stops_it(site: Site, path: str) -> None:
    with ThreadPoolExecutor(1) as pool, flooded(site, path) as (raw, name):
        reading = pool.submit(read_on, raw)
        raw.send('{"id": "1", "type": "complete"}')
        until(lambda: not site.running(name))
        raw.send(GOING_AWAY, CLOSE)
        reading.result()


@greedy
@pytest.mark.parametrize("path", ["/graphql", "/unbounded"])
def test_what_never_waits_does_not_hold_up_the_others(site: Site, path: str) -> None:
    with ThreadPoolExecutor(1) as pool, flooded(site, path) as (raw, name):
        reading = pool.submit(read_on, raw)
        for _ in range(20):
            assert site.post("{ ping }").json() == {"data": {"ping": "pong"}}
        assert site.running(name)
        raw.send(GOING_AWAY, CLOSE)
        reading.result()
