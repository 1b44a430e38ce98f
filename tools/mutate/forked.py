"""Have the processes of the tests forked by the fork server: a pytest plugin.

`-p tools.mutate.forked`, with the server's address in the environment. May import
`tools.mutate.forkserver`.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.harness import live
from tools.mutate.forkserver import SOCKET, fits

CLIENT = str(Path(__file__).with_name("forkclient.py"))
#: The `python` of a shell script: see `tools.mutate.forkserver.fits`.
COMMAND = """\
#!/bin/sh
case "$1" in
  manage.py | -c) exec {python} -I -S {client} "$MUTATE_FORKSERVER" "$@" ;;
  *) exec {python} "$@" ;;
esac
"""

_start = subprocess.Popen.__init__


def _forked(self: subprocess.Popen[Any], args: Any, *more: Any, **options: Any) -> None:
    env = options.get("env")
    if isinstance(args, Sequence) and env and env.get("PYTHONPATH") == str(live.STARTUP):
        if args[:1] == [sys.executable] and fits([*map(str, args[1:])]):
            args = [sys.executable, "-I", "-S", CLIENT, os.environ[SOCKET], *args[1:]]
        elif args[:1] == ["sh"]:
            path = os.pathsep.join([str(_commands()), env["PATH"]])
            options["env"] = {**env, "PATH": path}
    _start(self, args, *more, **options)


@functools.cache
def _commands() -> Path:
    """Return a folder whose `python` is the client, for what the server can start."""
    folder = Path(os.environ[SOCKET]).with_name("commands")
    folder.mkdir(exist_ok=True)
    written = folder / f"python.{os.getpid()}"
    written.write_text(COMMAND.format(python=sys.executable, client=CLIENT), encoding="utf-8")
    written.chmod(0o755)
    written.rename(folder / "python")
    return folder


def pytest_configure() -> None:
    """Begin, where there is a server."""
    if SOCKET in os.environ:
        subprocess.Popen.__init__ = _forked  # type: ignore[method-assign]


def pytest_unconfigure() -> None:
    """Start processes as ever."""
    subprocess.Popen.__init__ = _start  # type: ignore[method-assign]
