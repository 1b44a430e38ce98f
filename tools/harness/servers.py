"""Run a project on a real ASGI server, on a free port, as its documentation says.

Imports `live`, `processes` and `projects`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.harness import live
from tools.harness.processes import HOST, Process, accepts, free_port, running
from tools.harness.projects import Project

SERVERS = ("daphne", "uvicorn", "hypercorn")


@dataclass(frozen=True, eq=False)
class Server:
    """A server that accepts connections."""

    name: str
    port: int
    process: Process

    @property
    def url(self) -> str:
        """The origin of its pages, such as ``http://127.0.0.1:8000``."""
        return f"http://{HOST}:{self.port}"

    @property
    def ws_url(self) -> str:
        """The same for WebSocket."""
        return f"ws://{HOST}:{self.port}"

    def log(self) -> str:
        """Return everything the server has printed so far."""
        return self.process.log()


def command(server: str, port: int, application: str) -> list[str]:
    """Return the command line that starts ``server``, one of `SERVERS` or ``runserver``."""
    python = live.python()
    commands = {
        "daphne": [python, "-m", "daphne", "-b", HOST, "-p", str(port), application],
        "uvicorn": [python, "-m", "uvicorn", "--host", HOST, "--port", str(port), application],
        "hypercorn": [python, "-m", "hypercorn", "--bind", f"{HOST}:{port}", application],
        "runserver": [python, "manage.py", "runserver", "--noreload", f"{HOST}:{port}"],
    }
    if server not in commands:
        raise ValueError(f"server must be one of {', '.join(commands)}, not {server!r}")
    return commands[server]


@contextlib.contextmanager
def serve(
    project: Project,
    server: str = "uvicorn",
    *,
    application: str = "myproject.asgi:application",
    env: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
) -> Iterator[Server]:
    """Serve ``project`` for the length of the block.

    Args:
        project: what `tools.harness.projects.build` returned.
        server: one of `SERVERS`, or ``runserver``.
        application: where the server finds the ASGI application (``runserver`` asks the settings).
        env: more variables for the server's environment.
        arguments: more arguments for its command line.

    Raises:
        ProcessError: it ended or did not accept connections in time.
    """
    port = free_port()
    with running(
        server,
        [*command(server, port, application), *arguments],
        cwd=project.path,
        env={**live.environment(), **(env or {})},
    ) as process:
        process.wait_until(lambda: accepts(port))
        yield Server(server, port, process)
