"""Forks: the fork server of one run of tests, and the command that stands for Python there.

Imports `live`; starts `forkserver`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tools.harness import live

#: What is forked besides `manage.py` and `-c`. Hypercorn spawns its own Pythons.
MODULES = ("daphne", "uvicorn")
COMMAND = """\
#!/bin/sh
case "$1:$2" in
  {fits}) exec {python} -I -S {client} {address} "$@" ;;
  *) exec {python} "$@" ;;
esac
"""
_POLL_SECONDS = 0.02


class ForksError(RuntimeError):
    """The fork server has ended."""


class Forks:
    """A fork server.

    Args:
        folder: where its command and its address are to be.
        root: the checkout that it is of.
        env: its environment.

    Raises:
        ForksError: it ended before it could be asked.
    """

    def __init__(
        self, folder: Path, *, root: Path = live.ROOT, env: Mapping[str, str] | None = None
    ) -> None:
        self.address = folder / "forkserver"
        self.command = self._write(folder / "python")
        env = {**(live.environment() if env is None else env)}
        env.pop("COVERAGE_PROCESS_CONFIG", None)  # what it imports is not what is measured
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.harness.forkserver", str(self.address)],
            cwd=root,
            env=env,
            stdin=subprocess.PIPE,
        )
        while not self.address.exists():
            self.check()
            time.sleep(_POLL_SECONDS)

    def _write(self, command: Path) -> Path:
        fits = " | ".join(["manage.py:*", "-c:*", *(f"-m:{name}" for name in MODULES)])
        client = Path(__file__).with_name("forkclient.py")
        command.write_text(
            COMMAND.format(fits=fits, python=sys.executable, client=client, address=self.address),
            encoding="utf-8",
        )
        command.chmod(0o755)
        return command

    def check(self) -> None:
        """Raise a `ForksError` if it has ended."""
        code = self._process.poll()
        if code is not None:
            raise ForksError(f"the fork server ended with code {code}")

    def close(self) -> None:
        """End it, and what it has forked."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
