"""What a socket does with what a client sends: the protocol, to the letter.

Imports `claims`, `site` and the harness's raw client.
"""

from __future__ import annotations

import json
import struct
from functools import partial
from typing import Any

from websockets.exceptions import ConnectionClosed

from tools.harness.raw import CLOSE, TEXT, RawSocket
from tools.stock.claims import Seen, claim
from tools.stock.site import Site

MIB = 1024 * 1024
#: What somebody sends who has not said `connection_init`: more than a server reads while it waits
#: for the answer to its close frame.
FRAME_BYTES, FRAMES = 60_000, 6_000
#: What a process may grow by in the meantime.
ROOM = 20
#: How long a socket may say nothing before it is a zombie.
PATIENCE = 2.0
INIT = json.dumps({"type": "connection_init"})
PING = json.dumps({"type": "ping"})
BAD: dict[str, Any] = {
    "`[]`": [],
    "`1`": 1,
    "a list as `id`": {"id": ["1"], "type": "subscribe", "payload": {"query": "{ ping }"}},
    "a null `payload`": {"id": "1", "type": "subscribe", "payload": None},
}

expected = partial(claim, kind="expected")


@expected("bad-frames", says="A frame that is no message closes the socket with a code")
def bad_frames(site: Site) -> Seen:
    """Four such frames, each on a socket of its own."""
    zombies = [name for name, frame in BAD.items() if not ends(site, json.dumps(frame))]
    if zombies:
        return Seen(False, f"a socket that says nothing more after {', '.join(zombies)}")
    return Seen(True, "closed each time")


def ends(site: Site, frame: str) -> bool:
    """Tell whether a socket closes with a code after the frame, or goes on answering."""
    with RawSocket(site.server) as raw:
        raw.patience(PATIENCE)
        raw.send(INIT)
        raw.receive()
        raw.send(frame)
        raw.send(PING)
        try:
            while (received := raw.receive()) is not None:
                opcode, content = received
                if opcode == CLOSE or (opcode == TEXT and b'"pong"' in content):
                    return True
        except TimeoutError:
            return False
    return False


@expected(
    "unread-frames",
    says="What is sent before `connection_init` does not fill the server's memory",
    alone=True,
)
def unread_frames(site: Site) -> Seen:
    """As many more frames as the server takes, from somebody who has not logged in."""
    before = site.report()["memory"]
    with RawSocket(site.server) as raw:
        raw.patience(PATIENCE)
        raw.send("[]")
        frame = "x" * FRAME_BYTES
        if not all(raw.send(frame) for _ in range(FRAMES)):
            return Seen(True, "hung up")
        grown = (site.report()["memory"] - before) / MIB
    sent = FRAMES * FRAME_BYTES // MIB
    if grown < ROOM:
        return Seen(True, f"none of {sent} MiB is kept")
    return Seen(False, f"{min(grown // 50 * 50, sent):.0f} of {sent} MiB are kept")


@expected("long-reason", says="A long id that is used twice closes the socket with 4409")
def long_reason(site: Site) -> Seen:
    """An id which does not fit into the 123 bytes of a close reason."""
    operation = {"query": "subscription { tick }"}
    message = json.dumps({"id": "i" * 200, "type": "subscribe", "payload": operation})
    code = None
    with RawSocket(site.server) as raw:
        raw.patience(PATIENCE)
        raw.send(INIT)
        raw.send(message)
        raw.send(message)
        try:
            while (received := raw.receive()) is not None:
                if received[0] == CLOSE:
                    code = struct.unpack("!H", received[1][:2])[0] if received[1] else 1005
                    break
        except TimeoutError:
            return Seen(False, "the socket goes on")
    return Seen(code == 4409, "no close frame (1006)" if code is None else str(code))


@expected("siblings", says="A syntax error is an `error` for its own id, and its siblings go on")
def siblings(site: Site) -> Seen:
    """A subscription that is under way, and a document that cannot be parsed."""
    with site.socket() as socket:
        socket.init()
        socket.subscribe("1", "subscription { tick }")
        socket.subscribe("2", "{")
        seen = {"error": False, "next": False}
        try:
            while not all(seen.values()):
                message = socket.next_message(PATIENCE)
                if message.get("id") == "2":
                    seen["error"] = message["type"] == "error"
                elif seen["error"]:
                    seen["next"] = message["type"] == "next"
        except ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else 1006
            return Seen(False, f"the socket and all on it are closed with {code}")
    return Seen(True, "an error, and the sibling goes on")
