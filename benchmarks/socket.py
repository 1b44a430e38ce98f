"""A WebSocket client that costs little: thousands of them share one process with the clock.

It counts results, keeps the last, and answers pings. Standard library only.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct
import time
from collections.abc import Callable

QUERY = "subscription { item { id text author room likes listen } }"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
#: A client must mask its frames; with a mask of zeros nothing has to be computed.
MASK = b"\0\0\0\0"
HANDSHAKE = """\
GET /graphql HTTP/1.1
Host: 127.0.0.1:{port}
Origin: http://127.0.0.1:{port}
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: {key}
Sec-WebSocket-Protocol: graphql-transport-ws

"""


class Socket(asyncio.Protocol):
    """A client that subscribes as soon as it is acknowledged.

    Args:
        port: the server's.
        operation: the id of its subscription.
        heard: called with each result that comes.
        failed: called with what has gone wrong.
    """

    def __init__(
        self,
        port: int,
        operation: str,
        heard: Callable[[Socket], None],
        failed: Callable[[str], None],
    ) -> None:
        self.subscribed = asyncio.get_running_loop().create_future()
        self.results = 0
        self.last, self.at = b"", 0
        self._port, self._operation = port, operation
        self._heard, self._failed = heard, failed
        self._buffer = b""
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        request = HANDSHAKE.format(port=self._port, key=key)
        transport.write(request.replace("\n", "\r\n").encode())

    def connection_lost(self, error: Exception | None) -> None:
        """Say so: no socket is closed before the process ends."""
        self._failed(f"a socket was closed: {error}; the last of it: {self._buffer[-200:]!r}")

    def data_received(self, data: bytes) -> None:
        """Take the frames that have come whole."""
        buffer = self._buffer + data if self._buffer else data
        at, size = 0, len(buffer)
        if not self._upgraded:
            at = buffer.find(b"\r\n\r\n") + 4
            if at < 4:
                self._buffer = buffer
                return
            if b" 101 " not in buffer[:20]:
                self._failed(f"no upgrade: {buffer[:200]!r}")
            self._upgraded = True
            self._send({"type": "connection_init"})
        while size - at >= 2:
            length, start = buffer[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            if size - start < length or start > size:
                break
            self._frame(buffer[at] & 15, buffer[start : start + length])
            at = start + length
        self._buffer = buffer[at:]

    def _frame(self, kind: int, content: bytes) -> None:
        if kind == TEXT and b'"next"' in content[:100]:
            self.results += 1
            self.last, self.at = content, time.monotonic_ns()
            self._heard(self)
        elif kind == TEXT:
            self._other(json.loads(content))
        elif kind == PING:
            self._write(PONG, content)
        elif kind == CLOSE:
            self._failed(f"closed: {content!r}")

    def _other(self, message: dict[str, object]) -> None:
        if message["type"] == "connection_ack":
            payload = {"query": QUERY}
            self._send({"id": self._operation, "type": "subscribe", "payload": payload})
            self.subscribed.set_result(None)
        elif message["type"] == "ping":
            self._send({**message, "type": "pong"})
        elif message["type"] != "pong":
            self._failed(f"unexpected: {message}")

    def _send(self, message: dict[str, object]) -> None:
        self._write(TEXT, json.dumps(message).encode())

    def _write(self, kind: int, content: bytes) -> None:
        length = len(content)
        size = bytes([128 | length]) if length < 126 else b"\xfe" + struct.pack(">H", length)
        self._transport.write(bytes([128 | kind]) + size + MASK + content)
