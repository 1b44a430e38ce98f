"""What the recorded runs and the tests of the integration guide share."""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from tools.harness import clients, live, projects, servers
from tools.harness.prepared import prepare

USER = "ada"
PASSWORD = "analytical-engine"
GUIDE = ("settings", "asgi_routing", "resolver_user")
"""The subjects that a reader of the page has laid over one another by its middle."""

Served = Callable[..., servers.Server]
"""The fixture `served`: give it subjects, `server` and `env`."""


def read(name: str) -> str:
    """Return the text of a snippet, such as `resolver_user/requests/me.graphql`."""
    return (projects.SNIPPETS / name).read_text(encoding="utf-8")


def _migrate(project: projects.Project) -> None:
    project.manage("migrate")
    project.create_user(USER, PASSWORD)


def guide_project(folder: Path, *subjects: str) -> projects.Project:
    """Build the guide's project with more subjects over it, its database and `USER`.

    None of its subjects has a model of its own, so one database serves them all.
    """
    prepare(projects.build(folder, *GUIDE), f"migrate for {USER}", _migrate)
    return projects.build(folder, *GUIDE, *subjects)


def login(server: servers.Server) -> httpx.Client:
    """Log `USER` in and return the client that has the session cookie."""
    return clients.login(server, USER, PASSWORD)


def converse(socket: clients.WebSocketClient, query: str) -> dict[str, Any]:
    """Open the connection inside a socket, ask one query, and return its result."""
    socket.init()
    socket.subscribe("1", query)
    answer: dict[str, Any] = socket.next_message()
    if answer["type"] == "next":
        socket.next_message()
    payload: dict[str, Any] = answer["payload"]
    return payload


def ask_over_websocket(
    server: servers.Server,
    query: str,
    cookies: clients.Cookies | None = None,
    *,
    path: str = "/graphql",
) -> dict[str, Any]:
    """Ask one query over a WebSocket of its own and return its result."""
    with clients.WebSocketClient.connect(server, cookies=cookies, path=path) as socket:
        return converse(socket, query)


def run_script(
    project: projects.Project, name: str, *, replacing: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a shell snippet in a project, with this Python and its commands on the PATH.

    Raises:
        subprocess.CalledProcessError: it ended with another code than 0.
    """
    return subprocess.run(
        ["sh", "-eu", "-c", script(name, replacing or {})],
        cwd=project.path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=projects.MANAGE_SECONDS,
        check=True,
    )


def script(name: str, replacing: Mapping[str, str]) -> str:
    """Return a shell snippet with some of its words replaced (a port, say)."""
    text = projects.as_copied(projects.SNIPPETS / name).decode()
    for old, new in replacing.items():
        if old not in text:
            raise ValueError(f"{name} has no {old!r} to replace")
        text = text.replace(old, new)
    return text


def words(name: str) -> list[str]:
    """Return what a shell snippet that is one `python` command gives to Python.

    Raises:
        ValueError: it is another command, or more than one.
    """
    text = script(name, {})
    found = shlex.split(text)
    if found[:1] != ["python"] or len(text.splitlines()) > 1:
        raise ValueError(f"{name} is not one command of python: {text!r}")
    return found[1:]


def environment() -> dict[str, str]:
    """Return an environment in which `python`, `daphne` and so on are those of this Python."""
    env = live.environment()
    return {**env, "PATH": os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]])}


def load(subject: str, name: str) -> Any:
    """Import a module of a page into this process."""
    path = projects.SNIPPETS / f"{subject}/myproject/{name}.py"
    spec = importlib.util.spec_from_file_location(f"{subject}_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # Strawberry looks names up in it.
    spec.loader.exec_module(module)
    return module
