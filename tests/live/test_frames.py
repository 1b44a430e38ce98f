"""What a client may do: any frame, in any order, and what is left of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from tests.live.promises import expected, promise
from tests.live.raw import BINARY, CLOSE, TEXT, RawSocket
from tests.live.sites import Site, until

MIB = 1024 * 1024
VALUES: list[Any] = [None, True, 1, 1.5, "", "x", [], {}, [1], {"a": [{}]}]
SUBSCRIBE = {"id": "1", "type": "subscribe", "payload": {"query": "{ ping }"}}
INIT = json.dumps({"type": "connection_init"})
PING = json.dumps({"type": "ping"})

any_frame = promise(
    "Frames of any shape: no object, a list as an id, `null` as a payload, binary, no UTF-8",
    does="the protocol's close code or an `error` message; never a socket that says nothing more, "
    "no task left, no memory kept",
)


def changed(message: dict[str, Any], *path: str, to: Any) -> dict[str, Any]:
    """Return a copy of `message` with another value at `path`."""
    first, *rest = path
    inner = changed(message[first], *rest, to=to) if rest else to
    return {**message, first: inner}


def faulty_messages() -> Iterator[Any]:
    """Each JSON type in each place of each message."""
    yield from VALUES
    for value in VALUES:
        yield {"type": value}
        for kind in ("connection_init", "ping", "pong"):
            yield {"type": kind, "payload": value}
        yield {"type": "complete", "id": value}
        for path in (["id"], ["payload"]):
            yield changed(SUBSCRIBE, *path, to=value)
        for name in ("query", "variables", "operationName", "extensions"):
            yield changed(SUBSCRIBE, "payload", name, to=value)


def answered(site: Site, *frames: str) -> bool:
    """Send frames and a ping, and tell whether the socket closed with a code or went on."""
    with RawSocket(site) as raw:
        for text in (*frames, PING):
            raw.send(text)
        while (frame := raw.receive()) is not None:
            opcode, content = frame
            if opcode == CLOSE:
                return int.from_bytes(content[:2], "big") in range(4400, 4430)
            if opcode == TEXT and json.loads(content)["type"] == "pong":
                raw.send(b"\x03\xe8", CLOSE)
                return True
    return False


def at_rest(site: Site) -> int:
    """Return how many tasks the process has when nobody does anything."""
    assert answered(site, INIT)
    counts = iter(lambda: len(site.report()["tasks"]), -1)
    until(lambda: next(counts) == next(counts))
    return next(counts)


def at_rest_again(site: Site, before: int) -> None:
    """See that the process has no more tasks than before."""
    tasks: list[str] = []

    def rests() -> bool:
        tasks[:] = site.report()["tasks"]
        return len(tasks) <= before

    try:
        until(rests, 60)  # a busy Hypercorn is slow to let go of connections
    except AssertionError:
        pytest.fail(f"{before} tasks before, and now {len(tasks)}: {tasks}")


@any_frame
@pytest.mark.parametrize("begun", [False, True], ids=["before init", "after init"])
@expected("bad-frames", "A frame that is no message closes the socket with a code")
def test_each_json_type_in_each_place_leaves_no_zombie(site: Site, begun: bool) -> None:
    before, memory = at_rest(site), site.report()["memory"]
    first = [INIT] if begun else []
    with site.quiet():
        zombies = [
            message
            for message in faulty_messages()
            if not answered(site, *first, json.dumps(message))
        ]
    assert zombies == []
    at_rest_again(site, before)
    assert site.report()["memory"] - memory < 16 * MIB


RAW = {
    "binary": (b"{}", BINARY),
    "empty": (b"", TEXT),
    "no UTF-8": (b"\xff\xfe", TEXT),
    "half a character": (b'{"type": "\xe2\x82', TEXT),
    "a lone surrogate": (b'{"type": "\\ud800"}', TEXT),
    "deep lists": (b"[" * 100_000, TEXT),
    "deep objects": (b'{"type":' * 50_000, TEXT),
    "a huge number": (b'{"type": "ping", "payload": {"a": ' + b"9" * 10_000 + b"}}", TEXT),
    "a reserved opcode": (b"x", 0x3),
    "a continuation of nothing": (b"x", 0x0),
    "a close frame with no code that may be": (b"\x03\xed", CLOSE),
    "a close frame of one byte": (b"\x03", CLOSE),
    "a NaN": (b'{"type": NaN}', TEXT),
}


@any_frame
@pytest.mark.parametrize("begun", [False, True], ids=["before init", "after init"])
def test_what_is_no_message_at_all_leaves_no_zombie(site: Site, begun: bool) -> None:
    before = at_rest(site)
    for kind, (content, opcode) in RAW.items():
        # Uvicorn itself logs what is no UTF-8 with a traceback.
        watched = nullcontext() if "UTF" in kind or "half" in kind else site.quiet()
        with watched, RawSocket(site) as raw:
            if begun:
                raw.send(INIT)
            raw.send(content, opcode)
            raw.send(PING)
            while (frame := raw.receive()) is not None:
                if frame[0] == CLOSE:
                    break
                if frame[0] == TEXT and b"pong" in frame[1]:
                    assert kind == "a huge number"
                    break
    at_rest_again(site, before)


@any_frame
def test_half_a_message_and_then_nothing_is_forgotten(site: Site) -> None:
    before = at_rest(site)
    for _ in range(10):
        with RawSocket(site) as raw:
            raw.send(b'{"type": ', TEXT, final=False)
    at_rest_again(site, before)


@any_frame
@expected("unread-frames", "What is sent before `connection_init` does not fill the memory")
def test_frames_before_init_do_not_pile_up(site: Site) -> None:
    """A socket that nobody has authenticated sends for as long as it likes."""
    before, memory = at_rest(site), site.report()["memory"]
    long_ping = json.dumps({"type": "pong", "payload": {"filling": "x" * 60_000}})
    with RawSocket(site) as raw:
        raw.send("[]")
        raw.patience(0.5)
        for _ in range(1_000):
            if not raw.send(long_ping):
                break
        # Daphne reads for a client that it waits to see closed, for a second.
        room = 96 if site.server.name == "daphne" else 16
        assert site.report()["memory"] - memory < room * MIB
    # Hypercorn may wait in its own `H11Protocol.stream_send` after the application has returned.
    at_rest_again(site, before + 2 * (site.server.name == "hypercorn"))
