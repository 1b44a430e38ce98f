"""Worker: runs tests of the copy that it stands in, each time in a fork that has imported all.

Reads jobs from its standard input, one JSON object a line, and answers on its standard output.
Started by tools.mutate.copies. Imports what the tests import, so that a fork need not: but, with
`--library`, nothing of the library, which each fork is to see as it is then.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import psutil
import pytest

from tools.harness import live

TIMED_OUT = -1
#: Pytest itself raised.
RAISED = 70
PLUGINS = ("pytest_django.plugin", "pytest_asyncio.plugin", "pytest_timeout", "no:cacheprovider")
# Tracebacks of pytest parse sources, which Python 3.11 may refuse near the recursion limit.
OPTIONS = ("--live", "-x", "-q", "--tb=native", "--disable-plugin-autoload")
LIBRARY = "--library"
OURS = ("strawberry_django.realtime", "strawberry_django.routers")
IMPORTED = (
    *("httpx", "websockets.sync.client", "websockets.asyncio.client", "playwright.sync_api"),
    *("channels.layers", "channels.testing", "strawberry_django", "redis.asyncio", "django.test"),
    *("strawberry.channels", "tools.harness.clients", "tools.demo"),
)
IMPORTED_ONCE_SET_UP = ("strawberry_django.realtime", "django.contrib.auth.models")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (?P<test>\S+?::.+?)(?: - .*)?$", re.MULTILINE)
_POLL_SECONDS = 0.02


def main() -> None:
    """Run jobs until there are no more."""
    live.enter()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    for name in IMPORTED:
        importlib.import_module(name)
    if LIBRARY in sys.argv:
        # `django.setup()` would import the library: it is an application of the settings.
        early = [name for name in sys.modules if name.startswith(OURS)]
        assert not early, f"a fork would not see mutants of {early}"
    else:
        importlib.import_module("django").setup()
        for name in IMPORTED_ONCE_SET_UP:
            importlib.import_module(name)
    log = Path(os.environ["TMPDIR"], "worker.log")
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line), log)), flush=True)


def _run(job: dict[str, Any], log: Path) -> dict[str, Any]:
    started = time.monotonic()
    pid = os.fork()
    if not pid:
        _test(job, log)
    code = _wait(pid, started + job["seconds"])
    text = log.read_text(encoding="utf-8", errors="replace")
    failed = _FAILED.search(text)
    return {
        "code": code,
        "failed": failed["test"] if failed else None,
        "seconds": round(time.monotonic() - started, 2),
        "log": text[-3000:],
    }


def _test(job: dict[str, Any], log: Path) -> None:
    code = RAISED
    try:
        os.setsid()
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        folder = Path(os.environ["TMPDIR"], "pytest")
        options = [*OPTIONS, f"--basetemp={folder}", f"--timeout={job['each']}"]
        for plugin in PLUGINS:
            options += ["-p", plugin]
        code = int(pytest.main([*options, *job["tests"]]))
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _wait(pid: int, deadline: float) -> int:
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            everything = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
            for process in everything:
                if process.is_running():
                    process.kill()
            os.waitpid(pid, 0)
            return TIMED_OUT
        time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    main()
