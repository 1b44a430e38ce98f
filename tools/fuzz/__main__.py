"""Fuzz running servers: `python -m tools.fuzz [--full] [--server NAME]`."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tools.fuzz import requests
from tools.fuzz.frames import EVERY_CHECK
from tools.fuzz.sockets import Progress, SocketMachine
from tools.harness import live
from tools.harness.clients import graphql
from tools.harness.projects import Project, build
from tools.harness.servers import SERVERS, Server, serve

STEPS = 20
SETTINGS = """
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
STRAWBERRY_DJANGO_REALTIME = {
    "MAX_MESSAGES_PER_SECOND": None,
    "PING_INTERVAL": None,
    "GRAPHQL_IDE": "graphiql",
}
"""


def main(arguments: list[str] | None = None) -> int:
    """Fuzz each server, and say what was sent and what came of it."""
    parser = argparse.ArgumentParser(prog="nox -s fuzz --", description=__doc__)
    parser.add_argument("--full", action="store_true", help="100,000 frames and 20,000 requests")
    parser.add_argument("--server", choices=SERVERS, action="append", help="one server only")
    chosen = parser.parse_args(arguments)
    servers = chosen.server or list(SERVERS)
    frames, asked = (100_000, 20_000) if chosen.full else (3_000, 900)
    live.ensure()
    with tempfile.TemporaryDirectory() as folder:
        project = _project(Path(folder) / "project")
        for name in servers:
            _fuzz(project, name, frames // len(servers), asked // len(servers))
    print("no 5xx, no traceback, no task left, memory back to base")
    return 0


def _project(folder: Path) -> Project:
    project = build(folder, "settings", "asgi_routing")
    shutil.copy(Path(__file__).with_name("schema.py"), folder / "myproject" / "schema.py")
    with (folder / "myproject" / "settings.py").open("a") as file:
        file.write(SETTINGS)
    project.manage("migrate")
    return project


def _vitals(server: Server) -> tuple[int, int]:
    vitals = graphql(server, "{ vitals { tasks rss } }").json()["data"]["vitals"]
    return vitals["tasks"], vitals["rss"]


def _fuzz(project: Project, name: str, frames: int, asked: int) -> None:
    print(f"{name}: {frames:,} frames, {asked:,} requests", flush=True)
    started = time.monotonic()
    SocketMachine.substitutes = name == "daphne"
    with serve(project, name) as server:
        _throw(server, frames // 10, asked // 10, quiet=True)  # so that caches are full
        tasks, rss = _vitals(server)
        _throw(server, frames, asked)
        left, grown = _settled(server, tasks)
        log = server.log()
    print(f"  {time.monotonic() - started:.0f} s; tasks {tasks} -> {left}, MiB {rss} -> {grown}")
    assert left <= tasks, f"{left - tasks} tasks are left"
    assert grown <= rss * 1.5 + 20, f"memory grew from {rss} to {grown} MiB"
    # Uvicorn logs a traceback of its own, for a frame that it does not pass on to us.
    log = re.sub(r".*Invalid UTF-8 sequence received(.*\n)+?UnicodeDecodeError.*\n", "", log)
    assert "Traceback" not in log, log[log.index("Traceback") :][:3000]


def _throw(server: Server, frames: int, asked: int, *, quiet: bool = False) -> None:
    say = (lambda _: None) if quiet else print
    SocketMachine.server = server
    SocketMachine.progress = Progress("frames", frames, say)
    while SocketMachine.progress.count < frames:
        run_state_machine_as_test(
            SocketMachine,
            settings=settings(
                max_examples=max((frames - SocketMachine.progress.count) // STEPS, 10),
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=EVERY_CHECK,
            ),
        )
    progress = Progress("requests", asked, say)
    requests.throw_requests(server, asked * 2 // 3, progress)
    requests.throw_operations(server, asked // 3, progress)


def _settled(server: Server, base: int) -> tuple[int, int]:
    """Return the vitals once no more tasks are left than `base`, or after ten seconds."""
    deadline = time.monotonic() + 10
    while True:
        tasks, rss = _vitals(server)
        if tasks <= base or time.monotonic() > deadline:
            return tasks, rss
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
