"""Fork server: Pythons that have Django, Strawberry and Channels imported before they start.

A mutant costs about what its processes cost, and most of that is imports which every one repeats.
`serve` forks a process for each that `tools.mutate.forkclient` asks for, with its arguments, its
environment, its folder and its standard streams. The client stands for it: its signals come
here, and when it is gone the process is killed. Standard library only, but for what it imports for
the others: nothing that reads settings or makes a reactor.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
import types
from pathlib import Path
from typing import Any

SOCKET = "MUTATE_FORKSERVER"
#: What it starts: a file, code, or one of these.
MODULES = ("daphne", "uvicorn", "hypercorn")
IMPORTED = (
    *("django.contrib.admin.options", "django.contrib.auth", "django.contrib.messages.middleware"),
    *("django.contrib.sessions.backends.db", "django.contrib.sessions.middleware"),
    *("django.contrib.staticfiles.handlers", "django.core.asgi", "django.core.handlers.asgi"),
    *("django.core.management.commands.migrate", "django.core.management.commands.runserver"),
    *("django.core.management.commands.shell", "django.db.backends.sqlite3.base"),
    *("django.middleware.csrf", "django.template", "django.urls"),
    *("channels.auth", "channels.layers", "channels.routing", "channels.security.websocket"),
    *("channels_redis.core", "strawberry.channels", "strawberry.federation", "strawberry.printer"),
    *("autobahn.twisted.websocket", "h2", "twisted.internet.asyncioreactor"),
    *("twisted.internet.endpoints", "twisted.web.http", "uvicorn.main", "uvicorn.lifespan.on"),
    *("uvicorn.protocols.http.h11_impl", "hypercorn.__main__", "hypercorn.asyncio"),
)
_MOST = 1 << 20


def fits(arguments: list[str]) -> bool:
    """Tell whether the server can start a Python with these arguments."""
    match arguments:
        case ["-m", name, *_]:
            return name in MODULES
        case ["-c", _, *_]:
            return True
        case [file, *_]:
            return file.endswith(".py")
    return False


def main() -> None:
    """Import, and serve at the address in the environment, until standard input ends."""
    for name in IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # What all share is nothing to collect in any of them.
    job = serve(os.environ[SOCKET])
    if job is not None:
        os._exit(_code_of(job))


def serve(address: str) -> dict[str, Any] | None:
    """Fork for each client; return None at the end, and in each process that is forked its job."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{address}.new")
    listener.listen(64)
    Path(f"{address}.new").rename(address)
    woken, wakes = socket.socketpair()
    woken.setblocking(False)
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        for one in (listener, woken, sys.stdin):
            selector.register(one, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    for pid in running:
                        os.killpg(pid, signal.SIGKILL)
                    return None
                if key.fileobj is listener:
                    client, _ = listener.accept()
                    job, streams = _job(client)
                    pid = os.fork()
                    if not pid:
                        signal.set_wakeup_fd(-1)
                        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                        _become(job, streams)
                        for each in (client, listener, woken, wakes, *running.values()):
                            each.close()
                        return job
                    with contextlib.suppress(PermissionError, ProcessLookupError):
                        os.setpgid(pid, pid)
                    for stream in streams:
                        os.close(stream)
                    running[pid] = client
                    selector.register(client, selectors.EVENT_READ, pid)
                elif key.fileobj is woken:
                    with contextlib.suppress(BlockingIOError):
                        woken.recv(4096)
                    _reap(running, selector)
                elif key.data in running:
                    _pass_on(running[key.data], key.data)


def _job(client: socket.socket) -> tuple[dict[str, Any], list[int]]:
    message, streams, _, _ = socket.recv_fds(client, _MOST, 3)
    length, _, text = message.partition(b"\n")
    while len(text) < int(length):
        text += client.recv(_MOST)
    job: dict[str, Any] = json.loads(text)
    return job, streams


def _reap(running: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    while running:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        client = running.pop(pid)
        selector.unregister(client)
        with contextlib.suppress(OSError):
            client.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
        client.close()


def _pass_on(client: socket.socket, pid: int) -> None:
    try:
        numbers = client.recv(64)
    except OSError:
        numbers = b""
    with contextlib.suppress(ProcessLookupError):
        for number in numbers or bytes([signal.SIGKILL]):
            os.killpg(pid, number)


def _become(job: dict[str, Any], streams: list[int]) -> None:
    """Take the place that the client has."""
    with contextlib.suppress(PermissionError):
        os.setpgid(0, 0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False, buffering=1)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False, buffering=1, errors="backslashreplace")  # noqa: SIM115


def _code_of(job: dict[str, Any]) -> int:
    """Run, and return the exit code, without taking apart what was imported."""
    code: Any = 0
    try:
        _run(job)
    except SystemExit as error:
        code = error.code
        if code is not None and not isinstance(code, int):
            print(code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    atexit._run_exitfuncs()  # noqa: SLF001
    sys.stdout.flush()
    sys.stderr.flush()
    return 1 if code is not None and not isinstance(code, int) else code or 0


def _run(job: dict[str, Any]) -> None:
    """Do what Python does with its arguments."""
    first, *more = job["arguments"]
    if first == "-m":
        sys.path[0] = str(Path.cwd())
        sys.argv = more
        runpy.run_module(more[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.path[0] = ""
        sys.argv = ["-c", *more[1:]]
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        exec(compile(more[0], "<string>", "exec"), module.__dict__)
    else:
        sys.path[0] = str(Path(first).resolve().parent)
        sys.argv = [first, *more]
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    main()
