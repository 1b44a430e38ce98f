"""A state machine that knows graphql-transport-ws and breaks its rules.

Imports `frames`, the harness and the library's protocol module. After each frame
the model says what must come: the socket stays open and answers a ping, or it is
closed with a code of the protocol.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any, ClassVar

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from websockets.exceptions import ConnectionClosed

from strawberry_django.realtime.protocol import SUBSTITUTES, CloseCode, transport_ws_problem
from tools.fuzz import frames
from tools.harness.clients import WebSocketClient
from tools.harness.servers import Server

SECONDS = 10


class Progress:
    """Count what was sent, and say so now and then."""

    def __init__(self, what: str, goal: int, say: Callable[[str], None] = print) -> None:
        self.count = 0
        self._what = what
        self._goal = goal
        self._say = say

    def add(self, more: int = 1) -> None:
        """Count."""
        before, self.count = self.count, self.count + more
        step = max(self._goal // 10, 1)
        if before // step != self.count // step:
            self._say(f"  {self.count:,} of {self._goal:,} {self._what}")


class SocketMachine(RuleBasedStateMachine):
    """Sockets, one after the other, each from its handshake to its end."""

    server: ClassVar[Server]
    substitutes: ClassVar[bool]
    progress: ClassVar[Progress]

    @initialize()
    def connect(self) -> None:
        """Open a socket."""
        self.client = WebSocketClient.connect(self.server)
        self.begun = False
        self.closed = False
        self.lasting: set[str] = set()
        self.uncertain: set[str] = set()

    @precondition(lambda self: self.closed)
    @rule()
    def reconnect(self) -> None:
        """Open another, in place of one that was closed."""
        self.client.close()
        self.connect()

    def teardown(self) -> None:
        """Close the last."""
        if hasattr(self, "client"):
            self.client.close()

    @precondition(lambda self: not self.closed)
    @rule(payload=frames.optional_objects)
    def init(self, payload: dict[str, Any] | None) -> None:
        """Begin the connection; a second time is one too many (4429)."""
        self.send({"type": "connection_init", "payload": payload})
        if self.begun:
            self.must_close({CloseCode.TOO_MANY_REQUESTS})
        else:
            self.begun = True
            self.must_stay_open()

    @precondition(lambda self: not self.closed)
    @rule(id=frames.ids, payload=frames.subscribe_payloads(frames.short_documents))
    def run(self, id: str, payload: dict[str, Any]) -> None:
        """Start an operation that ends by itself."""
        self.send({"type": "subscribe", "id": id, "payload": payload})
        self.after_subscribe(id)
        self.uncertain.add(id)

    @precondition(lambda self: not self.closed)
    @rule(id=frames.ids, payload=frames.subscribe_payloads(frames.lasting_documents))
    def subscribe(self, id: str, payload: dict[str, Any]) -> None:
        """Start an operation that stays."""
        payload.pop("operationName", None)
        self.send({"type": "subscribe", "id": id, "payload": payload})
        self.after_subscribe(id)
        self.lasting.add(id)

    def after_subscribe(self, id: str) -> None:
        """Expect what the state of the connection says."""
        if not self.begun:
            self.must_close({CloseCode.UNAUTHORIZED})
        elif id in self.lasting:
            self.must_close({CloseCode.DUPLICATE_OPERATION})
        else:
            maybe = {CloseCode.DUPLICATE_OPERATION} if id in self.uncertain else set()
            self.must_stay_open(or_close=maybe)

    @precondition(lambda self: not self.closed)
    @rule(id=frames.ids)
    def complete(self, id: str) -> None:
        """End an operation, known or not."""
        self.send({"type": "complete", "id": id})
        self.lasting.discard(id)
        self.must_stay_open()

    @precondition(lambda self: not self.closed)
    @rule(kind=st.sampled_from(["ping", "pong"]), payload=frames.optional_objects)
    def sign_of_life(self, kind: str, payload: dict[str, Any] | None) -> None:
        """Ping or pong."""
        self.send({"type": kind, "payload": payload})
        self.must_stay_open()

    @precondition(lambda self: not self.closed)
    @rule(message=frames.json_values | frames.spoiled_messages())
    def spoiled(self, message: Any) -> None:
        """Send any JSON, or a message that is nearly right."""
        self.send(message)
        if transport_ws_problem(message):
            self.must_close({CloseCode.BAD_MESSAGE})
        elif message["type"] == "connection_init":
            expected = {CloseCode.TOO_MANY_REQUESTS} if self.begun else None
            self.begun = True
            self.must_close(expected) if expected else self.must_stay_open()
        elif message["type"] == "subscribe":
            self.after_subscribe(message["id"])
            self.uncertain.add(message["id"])
        else:
            if message["type"] == "complete":
                self.lasting.discard(message["id"])
            self.must_stay_open()

    @precondition(lambda self: not self.closed)
    @rule(text=frames.raw_texts)
    def text(self, text: str) -> None:
        """Send what is hard to decode."""
        self.progress.add()
        self.client.send_raw(text)
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            self.must_close({CloseCode.BAD_MESSAGE})
        else:
            assert transport_ws_problem(message) or message.get("type") == "ping"
            expected = {CloseCode.BAD_MESSAGE}
            self.must_close(expected)

    @precondition(lambda self: not self.closed)
    @rule(content=st.binary(max_size=20))
    def binary(self, content: bytes) -> None:
        """Send a binary frame (4400)."""
        self.progress.add()
        self.client.send_raw(content)
        self.must_close({CloseCode.BAD_MESSAGE})

    @precondition(lambda self: not self.closed)
    @rule(excess=st.integers(1, 1000))
    def too_big(self, excess: int) -> None:
        """Send more than `max_message_size` (1009)."""
        self.progress.add()
        # Daphne hangs up (1006) at a limit of its own, which is as long, before it has all of it.
        with contextlib.suppress(ConnectionClosed):
            self.client.send_raw("x" * (1024 * 1024 + excess))
        self.must_close({CloseCode.MESSAGE_TOO_BIG, *([1006] if self.substitutes else [])})

    @precondition(lambda self: not self.closed)
    @rule(content=st.sampled_from([b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b'{"type":"\xf0"}']))
    def invalid_utf8(self, content: bytes) -> None:
        """Send a text frame that is no text."""
        self.progress.add()
        connection = self.client.connection
        with connection.protocol_mutex:
            connection.protocol.send_text(content)
            connection.send_data()
        # Servers refuse this themselves; Hypercorn hangs up (1006).
        self.must_close({CloseCode.BAD_MESSAGE, 1002, 1006, 1007})

    def send(self, message: Any) -> None:
        """Send a message, and count it."""
        self.progress.add()
        self.client.send(message)

    def must_close(self, codes: set[Any]) -> None:
        """The server closes the socket with one of `codes`."""
        code = self.client.wait_closed(SECONDS)
        self.closed = True
        if self.substitutes:
            codes = {SUBSTITUTES.get(code, code) for code in codes}
        assert code in codes, f"closed with {code}, expected {codes}"

    def must_stay_open(self, *, or_close: set[CloseCode] | None = None) -> None:
        """The server answers a ping; it may have closed with one of `or_close`."""
        try:
            self.client.send({"type": "ping"})
            while self.client.next_message(SECONDS).get("type") != "pong":
                pass
        except ConnectionClosed:
            self.closed = True
            code = self.client.close_code
            assert code in (or_close or ()), f"closed with {code}"
