"""What the router costs beside the stock router and beside the least that a server can pay.

``python -m benchmarks router_costs`` measures three Uvicorn processes in turn (the stock router,
this one, and the peers: bare ASGI, Strawberry's Django view, Django without a router), and writes
``docs/data/router_costs.json``: of each task the processor time of the server (`/proc/PID/stat`)
or its memory, and the ratio to the peer, round by round.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.asking import Sizes, memory, over_http, over_sockets
from benchmarks.measuring import ratios
from tools.harness import clients
from tools.harness.projects import Project, build
from tools.harness.servers import Server, serve
from tools.proof import records

FILES = Path(__file__).with_name("project")
#: On the path of a server that imports the stock router.
THEIRS = Path(__file__).with_name("theirs")
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


def table(tasks: Mapping[str, Any]) -> str:
    """Return what was measured, as a table."""
    lines = ["| | Peer | Stock router | This router |", "| --- | --- | --- | --- |"]
    for name, task in TASKS.items():
        seen = tasks[name]
        cells = [task.says, f"{seen['peers']['median']:g} {task.unit} ({task.peer})"]
        for who in ("stock", "ours"):
            low, middle, high = seen[who]["ratio"]
            spread = "" if low == high else f" ({low:.2f} to {high:.2f})"
            cells.append(f"{middle:.2f} times{spread}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(*, look: bool = False) -> None:
    """Measure and record; or only look, with a few requests whose figures mean nothing."""
    sizes = QUICK if look else Sizes()
    tasks = summary(measure(sizes, lambda what: print(what, flush=True)))
    print(table(tasks))
    if not look:
        written = {
            name: {"sentence": t.says, "peer": t.peer, "unit": t.unit, **tasks[name]}
            for name, t in TASKS.items()
        }
        records.write("router_costs", {"rounds": sizes.rounds, "tasks": written})
