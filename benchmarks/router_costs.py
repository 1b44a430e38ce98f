"""What the router costs beside the stock router and beside the least that a server can pay.

``python -m benchmarks.router_costs`` asks three Uvicorn processes in turn (the stock router, this
one, and the peers: bare ASGI, Strawberry's Django view, Django without a router), and writes
``router_costs.json``: of each task the processor time of the server (`/proc/PID/stat`) or its
memory, and the ratio to the peer, round by round. The table of `docs/why.md` is made of that.
May import benchmarks.measuring, tools.harness, tools.stamp and tools.stock.site.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from benchmarks import measuring
from benchmarks.measuring import cpu_seconds, memory_bytes, ratios
from tools import stamp
from tools.harness import clients, live
from tools.harness.projects import Project, build
from tools.harness.servers import Server, serve
from tools.stock.site import THEIRS

RECORD = Path(__file__).with_suffix(".json")
FILES = Path(__file__).with_name("project")
USER = {"username": "ada", "password": "analytical-engine"}
WHO = ("stock", "ours", "peers")
PROTOCOLS = [Subprotocol("graphql-transport-ws")]
SUBSCRIBE = {"id": "1", "type": "subscribe", "payload": {"query": "subscription { listen }"}}
PING = {"query": "{ ping }"}


@dataclass(frozen=True)
class Sizes:
    """How much is asked in a round, and of how many sockets the memory is measured."""

    rounds: int = 7
    requests: int = 300
    sockets: int = 100
    batches: int = 10
    batch: int = 20  #: under what the in-memory layer keeps
    many_sockets: int = 1_000


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
#: Where the peers answer what the routers answer at `/graphql`.
PATHS = {("peers", "ping-user"): "/view"}


def digest() -> str:
    """Return a hash of what measures, and of what is measured."""
    return stamp.digest([Path(__file__), Path(measuring.__file__), *FILES.glob("*.py")])


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


async def subscribed(stack: contextlib.AsyncExitStack, server: Server) -> ClientConnection:
    """Return a socket that has been told that it listens.

    Raises:
        RuntimeError: something else came.
    """
    connecting = connect(
        f"{server.ws_url}/graphql",
        origin=Origin(server.url),
        subprotocols=PROTOCOLS,
        ping_interval=None,
        compression=None,
        proxy=None,
    )
    socket = await stack.enter_async_context(connecting)
    await socket.send(json.dumps({"type": "connection_init"}))
    await socket.recv()
    await socket.send(json.dumps(SUBSCRIBE))
    await expect(socket, "listening")
    return socket


async def expect(socket: ClientConnection, value: str) -> None:
    """Take the next result of a socket.

    Raises:
        RuntimeError: it is another one.
    """
    message = json.loads(await asyncio.wait_for(socket.recv(), clients.SECONDS))
    if message.get("payload") != {"data": {"listen": value}}:
        raise RuntimeError(f"expected the event {value}, got {message}")


async def over_sockets(server: Server, sizes: Sizes) -> dict[str, float]:
    """Return the seconds for a socket that subscribes, and for an event that is delivered."""
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=server.url))
        before = cpu_seconds(server)
        sockets = [await subscribed(stack, server) for _ in range(sizes.sockets)]
        connected = cpu_seconds(server)
        for _ in range(sizes.batches):
            publishing = client.post("/publish/", content=str(sizes.batch))
            (await publishing).raise_for_status()
            for socket in sockets:
                for number in range(sizes.batch):
                    await expect(socket, str(number))
        events = sizes.sockets * sizes.batches * sizes.batch
        return {
            "connect": (connected - before) / sizes.sockets,
            "event": (cpu_seconds(server) - connected) / events,
        }


async def memory(server: Server, sizes: Sizes) -> float:
    """Return the bytes that a subscribed socket takes, beyond the first ones."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(sizes.sockets):
            await subscribed(stack, server)
        before = memory_bytes(server)
        for _ in range(sizes.many_sockets):
            await subscribed(stack, server)
        return (memory_bytes(server) - before) / sizes.many_sockets


def over_http(server: Server, who: str, user: httpx.Client, requests: int) -> dict[str, float]:
    """Return the seconds of each kind of request.

    Raises:
        RuntimeError: an answer is not the right one.
    """
    found = {}
    with httpx.Client(base_url=server.url) as nobody:
        asked = {"ping": (nobody, PING), "ping-user": (user, PING), "page": (user, None)}
        for task, (client, operation) in asked.items():
            path = PATHS.get((who, task), "/graphql") if operation else "/plain/"
            before = cpu_seconds(server)
            for _ in range(requests):
                answer = client.post(path, json=operation) if operation else client.get(path)
                right = {"data": {"ping": "pong"}} if operation else "plain"
                if answer.status_code != 200 or right != (
                    answer.json() if operation else answer.text
                ):
                    raise RuntimeError(f"{who} {path} answered {answer.status_code}: {answer.text}")
            found[task] = (cpu_seconds(server) - before) / requests
    return found


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
