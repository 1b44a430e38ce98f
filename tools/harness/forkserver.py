"""Fork server: Pythons that have Django, Strawberry and Channels imported before they start.

A test, and the more a mutant, costs about what its processes cost, and most of that is imports
which every one repeats. What `serve` can start, it starts here: a fork with the arguments, the
environment, the folder and the standard streams of the command that `tools.harness.forks` writes,
whose signals come here; when the command is gone, the process is killed. Standard library only,
but for what it imports for the others: nothing that reads settings or makes a reactor.
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
import traceback
import types
from pathlib import Path
from typing import Any

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
    "uvicorn.protocols.http.h11_impl",
)
_MOST = 1 << 20


def main() -> None:
    """Import, and serve at the address that is the argument, until standard input ends."""
    leave = _Leave()
    atexit.register(leave)  # What is registered first is called last.
    for name in IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # What all share is nothing to collect in any of them.
    job = serve(sys.argv[1])
    if job is not None:
        leave.code = _code_of(job)


class _Leave:
    """End a process that was forked without taking apart what it had from the start."""

    code: int | None = None

    def __call__(self) -> None:
        if self.code is not None:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(self.code)


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
                    asked = _job(client)
                    if asked is None:
                        client.close()
                        continue
                    job, files = asked
                    pid = os.fork()
                    if not pid:
                        signal.set_wakeup_fd(-1)
                        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                        _become(job, files)
                        for each in (client, listener, woken, wakes, *running.values()):
                            each.close()
                        return job
                    with contextlib.suppress(PermissionError, ProcessLookupError):
                        os.setpgid(pid, pid)
                    for file in files:
                        os.close(file)
                    running[pid] = client
                    selector.register(client, selectors.EVENT_READ, pid)
                elif key.fileobj is woken:
                    with contextlib.suppress(BlockingIOError):
                        woken.recv(4096)
                    _reap(running, selector)
                elif key.data in running:
                    _pass_on(running[key.data], key.data)


def _job(client: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Return what a client asks for, and its open files; nothing if it has gone before."""
    message, files, _, _ = socket.recv_fds(client, _MOST, 4)
    while (more := b"\0" not in message) and (text := client.recv(_MOST)):
        message += text
    if more:
        for file in files:
            os.close(file)
        return None
    job: dict[str, Any] = json.loads(message.rstrip(b"\0"))
    return job, files


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


def _become(job: dict[str, Any], files: list[int]) -> None:
    """Take the place of the client: its streams, its folder and its environment."""
    with contextlib.suppress(PermissionError):
        os.setpgid(0, 0)
    *streams, folder = files
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.fchdir(folder)
    for file in files:
        os.close(file)
    os.environ.clear()
    os.environ.update(job["env"])


def _code_of(job: dict[str, Any]) -> int:
    """Run, and return the exit code."""
    try:
        _run(job)
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        print(error.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


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
