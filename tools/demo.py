"""The demo: the chat that the tutorial ends with, ready to be opened in a browser.

`python -m tools.demo` builds the project from its snippets in a folder of its own, with a database
and two users, starts it and says where it is. Ctrl-C ends it and removes the folder.
"""

from __future__ import annotations

import argparse
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.harness import live, processes, projects, servers
from tools.harness.prepared import prepare

SUBJECTS = ("asgi_routing", "chat")
USERS = {"ada": "analytical-engine", "grace": "compiler-of-1952"}

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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the demo until Ctrl-C or SIGTERM, or until its server ends."""
    parser = argparse.ArgumentParser(prog="nox -s demo --", description="Run the guide's chat.")
    parser.add_argument("--port", type=int, default=8000, help="default: 8000")
    port = parser.parse_args(arguments).port
    if processes.accepts(port):
        raise SystemExit(f"Something listens on port {port} already; choose another --port.")
    live.ensure()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="chat-demo-") as folder:
            print("Building the chat and its database …", flush=True)
            project = build(Path(folder, "project"))
            with servers.serve(project, "runserver", port=port) as server:
                users = (f"  Log in as     {name}, password {USERS[name]}" for name in USERS)
                print(WELCOME.format(url=server.url, users="\n".join(users)), flush=True)
                server.process.popen.wait()
                raise SystemExit(f"The server ended:\n{server.process.tail()}")
    except KeyboardInterrupt:
        print("\nThe demo has ended.")


if __name__ == "__main__":
    main()
