"""The demo: the chat that the tutorial ends with, ready to be opened in a browser.

``python -m tools.demo [--port PORT]`` builds the project from its snippets in a folder of its
own, makes its database and its users, starts it with ``manage.py runserver`` and says where it
is. Ctrl-C ends it and removes the folder. May import tools.harness.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.harness import live, processes, projects, servers
from tools.harness.prepared import VARIABLE as PREPARED
from tools.harness.prepared import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUBJECTS = ("asgi_routing", "chat")
USERS = {"ada": "analytical-engine", "grace": "compiler-of-1952"}
END_SECONDS = 10
ENDING = (signal.SIGINT, signal.SIGTERM)
PORT = 8000

PREPARE = """
from django.contrib.auth.models import User
from django.core.management import call_command
call_command("makemigrations", "chat", verbosity=0)
call_command("migrate", verbosity=0)
for username, password in {users!r}.items():
    User.objects.create_user(username, password=password)
"""

WELCOME = """
  The chat      {url}/
  The explorer  {url}/graphql

{users}

  Log in as each in two browsers (or one private window) and see them talk.
  Ctrl-C ends the demo.
"""


def build(folder: Path) -> projects.Project:
    """Build the chat project in ``folder``, with its database and its users."""
    project = projects.build(folder, *SUBJECTS)
    script = PREPARE.format(users=USERS)
    prepare(project, script, lambda made: made.manage("shell", "-c", script))
    return project


def choose_port(wanted: int | None) -> int:
    """Return the port that was asked for, else `PORT`, else any: one that nothing listens on.

    Raises:
        SystemExit: something listens on the port that was asked for.
    """
    if wanted is None:
        return processes.free_port() if processes.accepts(PORT) else PORT
    if wanted and processes.accepts(wanted):
        raise SystemExit(f"Something listens on port {wanted} already; choose another --port.")
    return wanted or processes.free_port()


@contextlib.contextmanager
def serve(project: projects.Project, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``manage.py runserver`` for the length of the block, on this terminal.

    Raises:
        SystemExit: it ended before it accepted connections.
    """
    server = subprocess.Popen(
        servers.command("runserver", port, "myproject.asgi:application"),
        cwd=project.path,
        env=live.environment(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C comes to us, and we end the server.
    )
    try:
        while not processes.accepts(port):
            if server.poll() is not None:
                raise SystemExit(f"The server ended with code {server.returncode}.")
            time.sleep(processes.POLL_SECONDS)
        yield server
    finally:
        server.terminate()
        try:
            server.wait(END_SECONDS)
        except subprocess.TimeoutExpired:  # a thread of it still waits for something
            server.kill()
            server.wait()


def welcome(port: int) -> str:
    """Return what the demo prints when it is ready."""
    users = "\n".join(
        f"  Log in as     {username}, password {password}" for username, password in USERS.items()
    )
    return WELCOME.format(url=f"http://{processes.HOST}:{port}", users=users)


def interrupt(*_: object) -> None:
    """Let SIGTERM end the demo as Ctrl-C does."""
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="nox -s demo --", description="Run the guide's chat.")
    parser.add_argument("--port", type=int, help=f"default: {PORT}, or any if that is taken")
    port = choose_port(parser.parse_args(arguments).port)
    signal.signal(signal.SIGTERM, interrupt)
    live.ensure()
    # An interruption waits until there is somebody to remove the folder.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        with tempfile.TemporaryDirectory(prefix="chat-demo-") as folder:
            os.environ[PREPARED] = str(Path(folder, "prepared"))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
            print("Building the chat and its database …", flush=True)
            with serve(build(Path(folder, "project")), port) as server:
                print(welcome(port), flush=True)
                return server.wait()
    except KeyboardInterrupt:
        print("\nThe demo has ended.")
        return 0


if __name__ == "__main__":
    sys.exit(main())
