"""Fuzz one server, and see what it is like afterwards.

Imports `requests`, `results`, `sockets` and the harness.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tools.fuzz import requests
from tools.fuzz.frames import EVERY_CHECK
from tools.fuzz.results import Result
from tools.fuzz.sockets import Progress, SocketMachine
from tools.harness.clients import graphql
from tools.harness.projects import Project, build
from tools.harness.servers import Server, serve

STEPS = 20
#: What the server's memory may grow by. It is what an allocator keeps; a thousand sockets that
#: are not let go of are more.
TOLERATED_MIB = 12
#: How long a server may take to forget its clients.
SETTLE_SECONDS = 30
SETTINGS = """
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
STRAWBERRY_DJANGO_REALTIME = {
    "MAX_MESSAGES_PER_SECOND": None,
    "PING_INTERVAL": None,
    "GRAPHQL_IDE": "graphiql",
}
"""


def lay_out(folder: Path) -> Project:
    """Build the project that is fuzzed."""
    project = build(folder, "settings", "asgi_routing")
    shutil.copy(Path(__file__).with_name("schema.py"), folder / "myproject" / "schema.py")
    with (folder / "myproject" / "settings.py").open("a") as file:
        file.write(SETTINGS)
    project.manage("migrate")
    return project


def fuzz(
    project: Project,
    name: str,
    frames: int,
    asked: int,
    *,
    application: str = "myproject.asgi:application",
    env: Mapping[str, str] | None = None,
    say: Callable[[str], None] = print,
) -> Result:
    """Fuzz `project` on the server `name`, first a tenth of it so that caches are full.

    Raises:
        AssertionError: what it did, or what it was like afterwards, is not right.
    """
    started = time.monotonic()
    SocketMachine.substitutes = name == "daphne"
    serving = serve(project, name, application=application, env=env)
    # One connection: Hypercorn keeps three tasks for seconds after each that was closed.
    with serving as server, httpx.Client(base_url=server.url) as client:
        tasks, _ = vitals(client)
        warm_frames, warm_asked = throw(server, frames // 10, asked // 10, lambda _: None)
        _, mib = settled(client, tasks)
        thrown_frames, thrown_asked = throw(server, frames, asked, say)
        left, grown = settled(client, tasks)
        log = server.log()
    result = Result(
        server=name,
        frames=warm_frames + thrown_frames,
        requests=warm_asked + thrown_asked,
        seconds=round(time.monotonic() - started),
        tasks=(tasks, left),
        mib=(mib, grown),
    )
    say(f"  {result.seconds} s; tasks {tasks} -> {left}, MiB {mib} -> {grown}")
    assert grown <= mib + TOLERATED_MIB, f"memory grew from {mib} to {grown} MiB"
    # Uvicorn logs a traceback of its own, for a frame that it does not pass on to us.
    log = re.sub(r".*Invalid UTF-8 sequence received(.*\n)+?UnicodeDecodeError.*\n", "", log)
    assert "Traceback" not in log, f"a traceback:\n{log[log.index('Traceback') :][:3000]}"
    return result


def throw(server: Server, frames: int, asked: int, say: Callable[[str], None]) -> tuple[int, int]:
    """Throw at least as many frames and requests, and return how many it were."""
    SocketMachine.server = server
    SocketMachine.progress = Progress("frames", frames, say)
    while SocketMachine.progress.count < frames:
        run_state_machine_as_test(
            SocketMachine,
            settings=settings(
                max_examples=max((frames - SocketMachine.progress.count) // STEPS, 10),
                stateful_step_count=STEPS,
                deadline=None,
                report_multiple_bugs=False,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=EVERY_CHECK,
            ),
        )
    progress = Progress("requests", asked, say)
    requests.throw_requests(server, asked * 2 // 3, progress)
    while progress.count < asked:
        requests.throw_operations(server, max(asked - progress.count, 3), progress)
    return SocketMachine.progress.count, progress.count


def vitals(client: httpx.Client) -> tuple[int, int]:
    """Return how many tasks the server has, and its memory in MiB."""
    found = graphql(client, "{ vitals { tasks rss } }").json()["data"]["vitals"]
    return found["tasks"], found["rss"]


def settled(client: httpx.Client, base: int) -> tuple[int, int]:
    """Return the vitals once no more tasks are left than `base`.

    Raises:
        AssertionError: there are more after `SETTLE_SECONDS`.
    """
    deadline = time.monotonic() + SETTLE_SECONDS
    while (found := vitals(client))[0] > base:
        assert time.monotonic() < deadline, f"{found[0] - base} tasks are left"
        time.sleep(0.2)
    return found
