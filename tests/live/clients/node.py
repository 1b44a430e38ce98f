"""The JavaScript clients: npm packages, installed as they are locked, and Node to run them.

With a folder in ``NEWEST_PACKAGES`` they are the newest instead, and installed there.
One Node process is one page: see `run.mjs`.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.harness import live, projects

HERE = Path(__file__).parent
CACHE = live.ROOT / ".cache/clients"
#: Names in the environment the folder for the newest packages; `nox -s proof -- newest` makes one.
NEWEST = "NEWEST_PACKAGES"
SOURCES = projects.SNIPPETS / "clients/src"
SECONDS = 30.0
CLIENTS = ("graphql_ws", "apollo", "apollo_http", "urql", "urql_http", "graphql_sse")
#: What the guide sets in its snippets beyond what a client does by itself.
SETTINGS = (
    "  retryAttempts: Infinity,\n",
    "  shouldRetry: ({ code }) => code !== 4403,\n",
    "retry, ",
)

Event = Mapping[str, Any]


def command(name: str) -> str:
    """Return the path of a command."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"no {name} (on Debian, the packages nodejs and npm)")
    return found


def packages(locked: Path = HERE) -> Path:
    """Return a folder with the packages that a folder locks; it is filled once for each lock.

    With ``NEWEST_PACKAGES`` it has the newest of those that are named there, as a reader gets them.
    """
    npm = command("npm")
    newest = os.environ.get(NEWEST, "")
    names = ("package.json", "package-lock.json")
    digest = hashlib.sha256(b"".join((locked / name).read_bytes() for name in names)).hexdigest()
    folder = Path(newest or CACHE, digest[:16])
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        wanted = json.loads((locked / names[0]).read_text(encoding="utf-8"))["dependencies"]
        install = ["install", *(f"{name}@latest" for name in wanted)] if newest else ["ci"]
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            for name in names[:1] if newest else names:
                shutil.copy(locked / name, temporary)
            done = subprocess.run(
                [npm, *install, "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=temporary,
                capture_output=True,
                text=True,
                timeout=150,
            )
            assert not done.returncode, done.stderr
            # Another process may have been faster.
            with contextlib.suppress(OSError):
                Path(temporary).rename(folder)
                Path(temporary).mkdir()
    return folder


def lay_out(folder: Path) -> Path:
    """Lay the clients of the guide into a folder, and beside them what they are by default."""
    for path in SOURCES.iterdir():
        text = projects.as_copied(path).decode()
        (folder / path.name).write_text(text, encoding="utf-8")
        for setting in SETTINGS:
            text = text.replace(setting, "")
        text = text.replace('"./graphql_ws.js"', '"./graphql_ws.defaults.js"')
        (folder / f"{path.stem}.defaults.js").write_text(text, encoding="utf-8")
    shutil.copy(HERE / "run.mjs", folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "node_modules").symlink_to(packages() / "node_modules")
    return folder


class Page:
    """A Node process with clients in it, and what they have told.

    With a ``speed``, its clients wait so many times shorter than they mean to.
    """

    def __init__(self, folder: Path, url: str, cookies: Mapping[str, str], speed: int = 1) -> None:
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self._folder = folder
        self._process = subprocess.Popen(
            [command("node"), "run.mjs"],
            cwd=folder,
            env={**os.environ, "SERVER": url, "COOKIE": cookie, "SPEED": str(speed)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self.events: list[Event] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with self._changed:
                self.events.append(json.loads(line))
                self._changed.notify_all()

    def do(self, action: str, client: str | None = None, **given: Any) -> int:
        """Let a client do something; return the number under which its events come."""
        number = next(self._numbers)
        message = {"id": number, "action": action, **given}
        if client is not None:
            message["client"] = f"./{client}"
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(message)}\n")
        self._process.stdin.flush()
        return number

    def of(self, number: int) -> list[Event]:
        """Return the events that came under a number."""
        return [event for event in self.events if event["id"] == number]

    def wait(
        self, number: int, wanted: Callable[[Event], bool] = bool, seconds: float = SECONDS
    ) -> Event:
        """Return the first event under a number that is wanted, when it comes."""
        end = time.monotonic() + seconds
        with self._changed:
            while True:
                found = next(filter(wanted, self.of(number)), None)
                if found is not None:
                    return found
                left = end - time.monotonic()
                assert left > 0, f"only {self.of(number)} in {seconds:g} s"
                self._changed.wait(left)

    def ask(self, action: str, client: str | None = None, **given: Any) -> Event:
        """Let a client do something, and return the first event that comes of it."""
        return self.wait(self.do(action, client, **given))

    def hears(self, number: int, text: str, seconds: float = SECONDS) -> None:
        """See a message of the chat arrive."""
        self.wait(number, lambda event: f'"{text}"' in json.dumps(event), seconds)

    def fails(self, number: int, seconds: float = SECONDS) -> Any:
        """See an operation fail, and return the error as a page would see it."""
        return self.wait(number, lambda event: event["event"] == "error", seconds)["payload"]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()


@contextlib.contextmanager
def page(folder: Path, url: str, cookies: Mapping[str, str], speed: int = 1) -> Iterator[Page]:
    """Have a page open for the length of the block."""
    opened = Page(folder, url, cookies, speed)
    try:
        yield opened
    finally:
        opened.close()
