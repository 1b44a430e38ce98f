"""Servers started by the commands of the reference, and a watch over their logs.

Imports `reference` and the harness.
"""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from tests.guide.reference_claims import reference
from tools.harness import live
from tools.harness.processes import accepts, free_port, running
from tools.harness.projects import Project
from tools.harness.servers import SERVERS, Server

DEFAULT_PORT = "8000"


def command_line(name: str, port: int) -> list[str]:
    """Return the reference's command with another port; Daphne's names none, and so gets one."""
    words = shlex.split(reference.COMMANDS[name].replace(DEFAULT_PORT, str(port)))
    if str(port) not in " ".join(words):
        words += ["-p", str(port)]
    return [str(Path(sys.executable).with_name(words[0])), *words[1:]]


@contextlib.contextmanager
def serve_all(
    project: Project, env: Mapping[str, str] | None = None
) -> Iterator[dict[str, Server]]:
    """Serve the project on each of `SERVERS`, all at once, for the length of the block."""
    with contextlib.ExitStack() as stack:
        servers = {}
        for name in SERVERS:
            port = free_port()
            process = stack.enter_context(
                running(
                    name,
                    command_line(name, port),
                    cwd=project.path,
                    env={**live.environment(), **(env or {})},
                )
            )
            servers[name] = Server(name, port, process)
        for server in servers.values():
            server.process.wait_until(partial(accepts, server.port))
        yield servers


class Watch:
    """Servers in whose logs nothing that a client sends may put a traceback."""

    def __init__(self) -> None:
        self._read: dict[Server, int] = {}

    def over(self, server: Server) -> Server:
        """Watch `server` from now on, and return it."""
        self._read[server] = 0
        return server

    def tracebacks(self) -> list[str]:
        """Return what the logs say since the last call, for each server with a traceback in it."""
        found = []
        for server, read in self._read.items():
            log = server.log()
            self._read[server] = len(log)
            if "Traceback" in log[read:]:
                found.append(f"{server.name}:\n{log[read:]}")
        return found
