"""What the router costs beside the stock router and beside the least that a server can pay.

``python -m benchmarks.router_costs`` asks three Uvicorn processes in turn (the stock router, this
one, and the peers: bare ASGI, Strawberry's Django view, Django without a router), and writes
``router_costs.json``: of each task the processor time of the server (`/proc/PID/stat`) or its
memory, and the ratio to the peer, round by round. The table of `docs/why.md` is made of that.
May import benchmarks.asking, benchmarks.measuring, tools.harness, tools.stamp and tools.stock.site.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks import asking, measuring
from benchmarks.asking import Sizes, memory, over_http, over_sockets
from benchmarks.measuring import ratios
from tools import stamp
from tools.harness import clients, live
from tools.harness.projects import Project, build
from tools.harness.servers import Server, serve
from tools.stock.site import THEIRS

RECORD = Path(__file__).with_suffix(".json")
FILES = Path(__file__).with_name("project")
USER = {"username": "ada", "password": "analytical-engine"}
WHO = ("stock", "ours", "peers")

QUICK = Sizes(rounds=1, requests=10, sockets=10, batches=2, batch=5, many_sockets=20)


@dataclass(frozen=True)
class Task:
    """One row: what is measured, in which unit, and beside which peer."""

    says: str
    peer: str
    unit: str


TASKS = {
    "event": Task("An event to one of 100 subscribers", "bare ASGI", "µs"),
    "connect": Task("A socket that connects and subscribes", "bare ASGI", "ms"),
    "memory": Task("A subscribed socket, one of 1,000, in memory", "bare ASGI", "KiB"),
    "ping": Task("`{ ping }` over HTTP, for nobody", "bare ASGI", "ms"),
    "ping-user": Task("`{ ping }` over HTTP, with a session cookie", "Strawberry's view", "ms"),
    "page": Task("A page that is not GraphQL, for a logged-in visitor", "Django alone", "ms"),
}


def digest() -> str:
    """Return a hash of what measures, and of what is measured."""
    modules = [__file__, asking.__file__, measuring.__file__]
    return stamp.digest([*map(Path, modules), *FILES.glob("*.py")])


def lay_out(folder: Path) -> Project:
    """Build the project that all three serve."""
    project = build(folder, "settings", "asgi_routing")
    for path in FILES.glob("*.py"):
        shutil.copy(path, folder / "myproject")
    project.manage("migrate", env=environment("ours"))
    project.create_user(**USER)
    return project


def environment(who: str) -> dict[str, str]:
    """Return the environment in which the project is served for the measurement."""
    env = {"DJANGO_SETTINGS_MODULE": "myproject.settings_measured", "MEASURED": who}
    return {**env, "PYTHONPATH": str(THEIRS)} if who == "stock" else env


@contextlib.contextmanager
def served(project: Project, who: str) -> Iterator[Server]:
    """Serve the project with a router, or the peers."""
    module = "asgi_peers" if who == "peers" else "asgi"
    with serve(project, env=environment(who), application=f"myproject.{module}:application") as it:
        yield it


def measure(sizes: Sizes, say: Callable[[str], None]) -> dict[str, dict[str, list[float]]]:
    """Return what each task took of whom, in each round: seconds, or bytes."""
    found: dict[str, dict[str, list[float]]] = {task: {who: [] for who in WHO} for task in TASKS}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        project = lay_out(Path(folder) / "project")
        for who in WHO:
            with served(project, who) as fresh:
                found["memory"][who].append(asyncio.run(memory(fresh, sizes)))
            say(f"memory: {who}")
        servers = {who: stack.enter_context(served(project, who)) for who in WHO}
        user = stack.enter_context(clients.login(servers["peers"], **USER))
        users = {
            who: stack.enter_context(
                httpx.Client(base_url=server.url, timeout=clients.SECONDS, cookies=user.cookies)
            )
            for who, server in servers.items()
        }
        for number in range(-1, sizes.rounds):
            for who in WHO if number % 2 else WHO[::-1]:
                seen = over_http(servers[who], who, users[who], sizes.requests)
                seen |= asyncio.run(over_sockets(servers[who], sizes))
                # The first round is for warmth.
                for task, seconds in seen.items() if number >= 0 else ():
                    found[task][who].append(seconds)
            say(f"round {number + 1} of {sizes.rounds}")
    return found


def summary(found: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, Any]:
    """Return of each task the median of whom, and the ratios to the peer with their extremes."""
    factors = {"µs": 1e6, "ms": 1e3, "KiB": 1 / 1024}
    return {
        task: {
            who: {
                "median": float(f"{statistics.median(seen) * factors[TASKS[task].unit]:.3g}"),
                "ratio": ratios(seen, by["peers"]),
            }
            for who, seen in by.items()
        }
        for task, by in found.items()
    }


def table(record: Mapping[str, Any]) -> str:
    """Return the table that the page shows."""
    lines = ["| | Peer | Stock router | This router |", "| --- | --- | --- | --- |"]
    for name, task in TASKS.items():
        seen = record["tasks"][name]
        cells = [task.says, f"{seen['peers']['median']:g} {task.unit} ({task.peer})"]
        for who in ("stock", "ours"):
            low, middle, high = seen[who]["ratio"]
            spread = "" if low == high else f" ({low:.2f} to {high:.2f})"
            cells.append(f"{middle:.2f} times{spread}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", stamp.sentence(record)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.router_costs", description=__doc__)
    look = "ask a little, and write no record: the figures mean nothing"
    parser.add_argument("--look", action="store_true", help=look)
    options = parser.parse_args(arguments)
    live.ensure()
    sizes = QUICK if options.look else Sizes()
    found = measure(sizes, lambda what: print(what, flush=True))
    record = {**stamp.stamp(), "digest": digest(), "rounds": sizes.rounds, "tasks": summary(found)}
    print(table(record))
    if not options.look:
        stamp.write(RECORD, record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
