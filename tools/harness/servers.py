"""Run a project on a real ASGI server, as its documentation says."""

from __future__ import annotations

import contextlib
import sys
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
    address = f"{HOST}:{port}"
    arguments = {
        "daphne": ["-m", "daphne", "-b", HOST, "-p", str(port), application],
        "uvicorn": ["-m", "uvicorn", "--host", HOST, "--port", str(port), application],
        "hypercorn": ["-m", "hypercorn", "--bind", address, application],
        "runserver": ["manage.py", "runserver", "--noreload", address],
    }
    return [sys.executable, *arguments[server]]


@contextlib.contextmanager
def serve(
    project: Project,
    server: str = "uvicorn",
    *,
    application: str = "myproject.asgi:application",
    env: Mapping[str, str] | None = None,
    port: int | None = None,
    arguments: Sequence[str] = (),
) -> Iterator[Server]:
    """Serve ``project`` for the length of the block, on a free port if none is given."""
    port = port or free_port()
    with_daphne = server in ("daphne", "runserver")
    variables = {**live.environment(daphne=with_daphne), **(env or {})}
    command_line = [*command(server, port, application), *arguments]
    with running(server, command_line, cwd=project.path, env=variables) as process:
        process.wait_until(lambda: accepts(port))
        yield Server(server, port, process)
