"""A terminal: a page's files and commands, and the servers that they start.

Commands run as they are shown, but that a free port stands for each. What one exports, where it
goes and what it activates stays for the next one.
"""

import ast
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


def merge(before: str, part: str) -> str:
    """Put each thing in a part in place of what has its name, or below the imports, or last."""
    lines = before.splitlines()
    for new in ast.parse(part).body:
        start = end = len(lines)
        for old in ast.parse("\n".join(lines)).body:
            if _name(old) == _name(new) != "":
                start, end = old.lineno - 1, old.end_lineno or 0
                if _name(old) == "import":
                    start = end
        lines[start:end] = part.splitlines()[new.lineno - 1 : new.end_lineno]
    return "\n".join(lines) + "\n"


def _name(statement: ast.stmt) -> str:
    """Return what a statement defines or gives a value to; of all imports, ``import``."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return "import"
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement
    return str(getattr(getattr(target, "target", target), "id", getattr(target, "name", "")))


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
        )
        self.printed = done.stdout
        if done.returncode:
            raise StuckError(f"exit code {done.returncode}\n{done.stdout}{done.stderr}")
        self.cwd = Path(cwd.read_text().strip())
        self.env = dict(one.split("=", 1) for one in env.read_text().strip("\0").split("\0"))

    def start(self, script: str) -> None:
        """Run commands, the last of which is a server and goes on, in place of one at its port."""
        *lines, line = script.strip().splitlines()
        self.run("\n".join(lines))
        self._serve(line if _PORT.search(line) else f"{line} 8000", self.cwd, self.env)

    def _serve(self, line: str, cwd: Path, env: dict[str, str]) -> None:
        command = ["sh", "-c", f"exec {self._on_ours(line)}"]
        shown = _PORT.findall(line)[0]
        self.close(shown)
        stack = contextlib.ExitStack()
        process = stack.enter_context(processes.running("server", command, cwd=cwd, env=env))
        server = Server(line, self.ports[shown], process)
        self.serving[shown] = Serving(server, partial(self._serve, line, cwd, env), stack)
        process.wait_until(lambda: processes.accepts(server.port))

    def server(self, shown: str = "") -> Server:
        """Return the server at a port shown (else the newest) as the files are now."""
        shown = shown or next(reversed(self.serving), "")
        if shown not in self.serving:
            raise StuckError("no server runs here: no block before has started one")
        one = self.serving[shown]
        if one.is_stale and "runserver" not in one.server.name:
            raise StuckError(f"`{one.server.name}` was started before files changed")
        if one.is_stale:  # runserver sees it too, but only after a while
            one.again()
        return self.serving[shown].server

    def write(self, path: Path, how: str | None, text: str) -> None:
        """Write the whole file, "at the end" of it, or a "part", for which it must be there."""
        if how:
            before = path.read_text(encoding="utf-8").rstrip()
            text = merge(before, text) if how == "part" else f"{before}\n\n\n{text}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for one in self.serving.values():
            one.is_stale |= path.suffix == ".py"

    def close(self, *shown: str) -> None:
        """Stop the servers of these ports, or all of them."""
        for port in set(shown or self.serving) & set(self.serving):
            self.serving.pop(port).stack.close()

    def _on_ours(self, script: str) -> str:
        for shown in _PORT.findall(script):
            self.ports.setdefault(shown, processes.free_port())
        return _PORT.sub(lambda found: str(self.ports[found[0]]), script)
