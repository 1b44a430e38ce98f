"""A terminal: the commands of a page, run as they are shown.

What a command exports, where it goes and what it activates stays for the next one. Only this
differs from a terminal of the reader's: a free port stands for each port shown, our own wheel is
found where it was built, and pip and uv take the versions that are pinned here. A hurried one, for
pages with planted faults, lets uv do what ``venv`` and ``pip`` would. May import tools.harness.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tools.harness import processes, servers

SECONDS = 300
SERVER = re.compile(r"^(?:python manage\.py )?(?P<name>runserver|daphne|uvicorn|hypercorn)\b")
_PORT = re.compile(r"(?<=[: ])80\d\d\b")
_DEFAULT_PORT = "8000"
#: How a server is told its port where the page leaves it at that.
_OPTION = {"daphne": "--port ", "uvicorn": "--port ", "hypercorn": "--bind 127.0.0.1:"}
#: Of this process and its virtual environment, and nothing to a reader.
_NOT_THEIRS = re.compile(
    r"PYTHON|VIRTUAL_ENV|DJANGO|COV|PYTEST|REDIS_URL|UV_PROJECT|UV_PYTHON|UV_RUN|NOX|PWD|OLDPWD"
)


class StuckError(Exception):
    """The reader cannot go on; the message says where and why."""


@dataclass
class Terminal:
    """Where a reader types.

    Attributes:
        cwd: where it is now.
        first_env: the environment in which it was opened.
        env: the environment as it is now.
        wheels: the folder with the wheel that was built from the checkout.
        hurried: uv stands for ``venv`` and ``pip``.
        output: what the last command printed; of a server, look at its log.
        ports: for each port shown, the one that stands for it.
        serving: the servers that run, by the port shown.
    """

    cwd: Path
    first_env: dict[str, str]
    env: dict[str, str]
    wheels: Path
    hurried: bool = False
    output: str = ""
    ports: dict[str, str] = field(default_factory=dict)
    serving: dict[str, servers.Server] = field(default_factory=dict)
    stacks: dict[str, contextlib.ExitStack] = field(default_factory=dict)

    @classmethod
    def open(
        cls, folder: Path, wheels: Path, constraints: Path, *, hurried: bool = False, **more: str
    ) -> Terminal:
        """Open one in an empty folder, with the system's commands and a bare Python.

        Args:
            folder: becomes the current one.
            wheels: where our own wheel is.
            constraints: the versions of everything else.
            hurried: let uv stand for ``venv`` and ``pip``.
            **more: variables that the page says may be set (``REDIS_URL``).
        """
        tools = folder.with_name(f"{folder.name}-commands")
        tools.mkdir(parents=True)
        (tools / "python").symlink_to(Path(sys.executable).resolve())
        places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        for name in ("uv", "node", "npm", "npx"):
            if found := shutil.which(name, path=places):
                (tools / name).symlink_to(found)
        folder.mkdir()
        env = {name: value for name, value in os.environ.items() if not _NOT_THEIRS.match(name)}
        env |= {
            "PATH": os.pathsep.join([str(tools), "/usr/local/bin", "/usr/bin", "/bin"]),
            "PYTHONUNBUFFERED": "1",  # as on a terminal
            "PIP_FIND_LINKS": str(wheels),
            "PIP_CONSTRAINT": str(constraints),
            "UV_FIND_LINKS": str(wheels),
            "UV_CONSTRAINT": str(constraints),
            **more,
        }
        return cls(folder, env, dict(env), wheels, hurried)

    def elsewhere(self, folder: Path) -> Terminal:
        """Open another one in a folder, in the environment that is active here."""
        return Terminal(folder, dict(self.env), dict(self.env), self.wheels, self.hurried)

    def new_window(self) -> None:
        """Go on in a new window: in this folder and environment, without what was exported."""
        kept = {"PATH", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT"}
        self.env = self.first_env | {name: self.env[name] for name in kept & set(self.env)}

    def on_our_port(self, text: str) -> str:
        """Put the free ports in place of those shown."""
        return _PORT.sub(lambda found: self._free(found[0]), text)

    def _free(self, shown: str) -> str:
        return self.ports.setdefault(shown, str(processes.free_port()))

    def run(self, script: str, *, fails: bool = False) -> None:
        """Run commands one after the other, each of which must succeed (or ``fails``).

        Where the last one is a server, it goes on running.

        Raises:
            StuckError: a command failed, or is not there.
        """
        lines = script.strip().splitlines()
        server = SERVER.match(lines[-1])
        if server is None:
            self._run(script, fails)
            return
        if lines[:-1]:
            self._run("\n".join(lines[:-1]), fails=False)
        self._serve(server["name"], lines[-1])

    def _run(self, script: str, fails: bool) -> None:
        state = self.cwd.parent / ".state"
        command = self.on_our_port(_by_uv(script) if self.hurried else script)
        kept = f'\npwd >"{state}.cwd"\nenv -0 >"{state}.env"\n'
        done = subprocess.run(
            ["sh", "-e", "-c", command + kept],
            cwd=self.cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.output = done.stdout
        if bool(done.returncode) != fails:
            raise StuckError(f"$ {script.strip()}\nexit code {done.returncode}\n{done.stdout}")
        if not fails:
            self.cwd = Path(Path(f"{state}.cwd").read_text(encoding="utf-8").strip())
            written = Path(f"{state}.env").read_text(encoding="utf-8").strip("\0").split("\0")
            self.env = dict(one.split("=", 1) for one in written)

    def _serve(self, name: str, line: str) -> None:
        found = _PORT.search(line)
        shown = found[0] if found else _DEFAULT_PORT
        self.stop(shown)
        port = int(self._free(shown))
        command = self.on_our_port(line) if found else f"{line} {_OPTION.get(name, '')}{port}"
        stack = self.stacks[shown] = contextlib.ExitStack()
        try:
            process = stack.enter_context(
                processes.running(
                    name, ["sh", "-e", "-c", f"exec {command}"], cwd=self.cwd, env=self.env
                )
            )
            process.wait_until(lambda: processes.accepts(port))
        except processes.ProcessError as error:
            self.stop(shown)
            raise StuckError(f"$ {line}\n{error}") from error
        self.serving[shown] = servers.Server(name, port, process)

    def stop(self, *shown: str) -> None:
        """Press Ctrl+C for the servers of these ports, or for all of them."""
        for port in shown or list(self.stacks):
            self.serving.pop(port, None)
            self.stacks.pop(port, contextlib.ExitStack()).close()


def _by_uv(script: str) -> str:
    python = Path(sys.executable).resolve()
    script = re.sub(r"(?m)^python -m venv\b", f"uv venv --quiet --python '{python}'", script)
    return re.sub(r"(?m)^python -m pip\b", "uv pip", script)


def is_server(script: str) -> bool:
    """Tell whether the last command starts a server."""
    return bool(SERVER.match(script.strip().splitlines()[-1]))


def passwords(script: str) -> dict[str, str]:
    """Return the passwords that commands give, by user."""
    found = re.findall(r"create_(?:super)?user\('(\w+)', password='([^']+)'\)", script)
    found += [
        (user, password)
        for password, user in re.findall(
            r"DJANGO_SUPERUSER_PASSWORD=(\S+) (?:.|\n)*?--username (\w+)", script
        )
    ]
    return dict(found)
