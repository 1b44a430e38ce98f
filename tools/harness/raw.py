"""A WebSocket client of our own, that does what no library would let it do."""

from __future__ import annotations

import base64
import os
import socket
import struct
from collections.abc import Mapping

from typing_extensions import Self

from tools.harness.clients import GRAPHQL_TRANSPORT_WS, SECONDS
from tools.harness.processes import HOST
from tools.harness.servers import Server

TEXT, BINARY, CLOSE, PING = 0x1, 0x2, 0x8, 0x9
_MASK = b"\x00\x00\x00\x00"


class RawSocket:
    """A TCP connection that asks for a WebSocket; ``status`` is what the server answered.

    A header that is None leaves one of ours out. The kernel holds ``receive_buffer`` bytes for a
    client that does not read; the server has ``seconds`` for each read and write.
    """

    def __init__(
        self,
        server: Server,
        path: str = "/graphql",
        headers: Mapping[str, str | bytes | None] | None = None,
        receive_buffer: int | None = None,
        seconds: float = SECONDS,
    ) -> None:
        sent: dict[str, str | bytes | None] = {
            "Host": f"{HOST}:{server.port}",
            "Origin": server.url,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Protocol": GRAPHQL_TRANSPORT_WS,
            **(headers or {}),
        }
        lines = [f"GET {path} HTTP/1.1".encode()]
        for name, value in sent.items():
            if value is not None:
                text = value if isinstance(value, bytes) else value.encode()
                lines.append(name.encode() + b": " + text)
        self._socket = socket.socket()
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(seconds)
        self._socket.connect((HOST, server.port))
        self._socket.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        self._unread = b""
        while b"\r\n\r\n" not in self._unread:
            self._read()
        head, self._unread = self._unread.split(b"\r\n\r\n", 1)
        self.status = int(head.split(b" ", 2)[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, payload: bytes | str, opcode: int = TEXT, *, final: bool = True) -> bool:
        """Send one frame, and tell whether the server took it; it may be gone by then."""
        content = payload.encode() if isinstance(payload, str) else payload
        first = opcode | (0x80 if final else 0)
        if len(content) < 126:
            header = struct.pack("!BB", first, 0x80 | len(content))
        elif len(content) < 65536:
            header = struct.pack("!BBH", first, 0x80 | 126, len(content))
        else:
            header = struct.pack("!BBQ", first, 0x80 | 127, len(content))
        try:
            self._socket.sendall(header + _MASK + content)
        except OSError:
            return False
        return True

    def patience(self, seconds: float) -> None:
        """Wait no longer than that for the server to read or to write."""
        self._socket.settimeout(seconds)

    def receive(self) -> tuple[int, bytes] | None:
        """Return the next frame's opcode and content, or `None` at the end of the connection."""
        try:
            first, second = self._exactly(2)
            length = second & 0x7F
            if length >= 126:
                length = int.from_bytes(self._exactly(2 if length == 126 else 8), "big")
            return first & 0x0F, self._exactly(length)
        except (ConnectionError, EOFError):
            return None

    def close_code(self) -> int | None:
        """Read to the end, and return the code of the close frame if there was one."""
        code = None
        while (frame := self.receive()) is not None:
            opcode, content = frame
            if opcode == CLOSE and code is None:
                code = int.from_bytes(content[:2], "big") if content else 1005
                self.send(content, CLOSE)
        return code

    def _exactly(self, length: int) -> bytes:
        while len(self._unread) < length:
            self._read()
        content, self._unread = self._unread[:length], self._unread[length:]
        return content

    def _read(self) -> None:
        chunk = self._socket.recv(65536)
        if not chunk:
            raise EOFError
        self._unread += chunk
