"""A terminal: a page's commands, run as they are shown, and the servers that they start.

What a command exports, where it goes and what it activates stays for the next one. A free port
stands for each that is shown.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tools.harness import processes
from tools.harness.servers import Server

_PORT = re.compile(r"(?<=[: ])80\d\d\b")
_PASSWORDS = (
    re.compile(r"create_(?:super)?user\('(?P<user>\w+)', password='(?P<password>[^']+)'\)"),
    re.compile(r"DJANGO_SUPERUSER_PASSWORD=(?P<password>\S+) [^$]*?--username (?P<user>\w+)"),
)


class StuckError(Exception):
    """The reader cannot go on; the message says where and why."""


@dataclass
class Serving:
    """A server that runs, its command as its name, and how to start it again."""

    server: Server
    again: Callable[[], None]
    stack: contextlib.ExitStack
    is_stale: bool = False


@dataclass
class Terminal:
    """Where a reader types; `state` names files outside of the project."""

    cwd: Path
    env: dict[str, str]
    state: Path
    printed: str = ""
    passwords: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    serving: dict[str, Serving] = field(default_factory=dict)

    def run(self, script: str) -> None:
        """Run commands one after the other, each of which must succeed."""
        for pattern in _PASSWORDS:
            self.passwords |= {one["user"]: one["password"] for one in pattern.finditer(script)}
        cwd, env = self.state.with_suffix(".cwd"), self.state.with_suffix(".env")
        command = f"{self._on_ours(script)}\npwd >'{cwd}'\nenv -0 >'{env}'\n"
        done = subprocess.run(
            ["sh", "-e", "-c", command],
            cwd=self.cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        self.printed = done.stdout
        if done.returncode:
            raise StuckError(f"exit code {done.returncode}\n{done.stdout}{done.stderr}")
        self.cwd = Path(cwd.read_text(encoding="utf-8").strip())
        variables = env.read_text(encoding="utf-8").strip("\0").split("\0")
        self.env = dict(one.split("=", 1) for one in variables)

    def start(self, script: str) -> None:
        """Run commands, the last of which is a server and goes on, in place of one at its port."""
        *lines, line = script.strip().splitlines()
        self.run("\n".join(lines))
        self._serve(line if _PORT.search(line) else f"{line} 8000", self.cwd, self.env)

    def _serve(self, line: str, cwd: Path, env: dict[str, str]) -> None:
        command = ["sh", "-c", f"exec {self._on_ours(line)}"]
        shown = _PORT.findall(line)[0]
        self.stop(shown)
        stack = contextlib.ExitStack()
        process = stack.enter_context(processes.running("server", command, cwd=cwd, env=env))
        server = Server(line, self.ports[shown], process)
        self.serving[shown] = Serving(server, partial(self._serve, line, cwd, env), stack)
        process.wait_until(lambda: processes.accepts(server.port))

    def server(self, shown: str = "") -> Server:
        """Return the server at a port shown (else the newest) as the files are now.

        Only runserver sees that they have changed; starting it again is sooner than waiting for it.
        """
        shown = shown or next(reversed(self.serving), "")
        if shown not in self.serving:
            raise StuckError("no server runs here: no block before has started one")
        one = self.serving[shown]
        if one.is_stale and "runserver" not in one.server.name:
            raise StuckError(f"`{one.server.name}` was started before files changed")
        if one.is_stale:
            one.again()
        return self.serving[shown].server

    def changed(self) -> None:
        """Note that a file has changed under the servers that run."""
        for one in self.serving.values():
            one.is_stale = True

    def stop(self, *shown: str) -> None:
        """Stop the servers of these ports, or all of them."""
        for port in set(shown or self.serving) & set(self.serving):
            self.serving.pop(port).stack.close()

    def _on_ours(self, script: str) -> str:
        for shown in _PORT.findall(script):
            self.ports.setdefault(shown, processes.free_port())
        return _PORT.sub(lambda found: str(self.ports[found[0]]), script)
