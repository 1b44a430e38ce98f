"""Have the processes of the tests forked by the fork server: a pytest plugin.

`-p tools.mutate.forked`, with the server's address in the environment. May import
`tools.mutate.forkserver`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.harness import live
from tools.mutate.forkserver import SOCKET, fits

CLIENT = str(Path(__file__).with_name("forkclient.py"))

_start = subprocess.Popen.__init__


def _forked(self: subprocess.Popen[Any], args: Any, *more: Any, **options: Any) -> None:
    env = options.get("env")
    if (
        isinstance(args, Sequence)
        and args[:1] == [sys.executable]
        and fits([*map(str, args[1:])])
        and env is not None
        and env.get("PYTHONPATH") == str(live.STARTUP)
    ):
        args = [sys.executable, "-I", "-S", CLIENT, os.environ[SOCKET], *args[1:]]
    _start(self, args, *more, **options)


def pytest_configure() -> None:
    """Begin, where there is a server."""
    if SOCKET in os.environ:
        subprocess.Popen.__init__ = _forked  # type: ignore[method-assign]


def pytest_unconfigure() -> None:
    """Start processes as ever."""
    subprocess.Popen.__init__ = _start  # type: ignore[method-assign]
