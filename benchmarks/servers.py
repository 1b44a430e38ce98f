"""What the servers themselves cost: an event to one of 200 sockets, from bare ASGI."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import plot
from benchmarks.crowd import crowd
from benchmarks.measuring import ratio, shown, times
from benchmarks.programs import project, served

ROUNDS, SOCKETS, EVENTS, BATCH = 7, 200, 100, 10
#: Name, program, server and its arguments; the first is what the others are compared with.
SERVERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "Uvicorn (websockets, its default)": ("bare", "uvicorn", ()),
    "Uvicorn (wsproto)": ("bare", "uvicorn", ("--ws", "wsproto")),
    "Daphne": ("bare", "daphne", ()),
    "Hypercorn": ("bare", "hypercorn", ()),
    "Bare `ws` on Node": ("node-ws", "node", ()),
}


def main(look: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure all in turn, and return the results."""
    rounds, sockets, events = (1, 20, BATCH) if look else (ROUNDS, SOCKETS, EVENTS)
    found: dict[str, list[float]] = {name: [] for name in SERVERS}
    with project() as made, contextlib.ExitStack() as stack:
        crowds = {}
        for name, (program, on, arguments) in SERVERS.items():
            server = stack.enter_context(served(made, program, on, arguments=arguments))
            crowds[name] = stack.enter_context(crowd(server))
            crowds[name].grow(sockets)
        for number in range(-1, rounds):  # the first for warmth
            for name in list(crowds) if number % 2 else reversed(crowds):
                taken = crowds[name].publish(events, BATCH) / sockets
                found[name].extend([taken] if number >= 0 else [])
            say(f"round {number + 1} of {rounds}")
    first = found[next(iter(found))]
    rows = [["Server", "Times Uvicorn", "CPU a delivery (µs)"]]
    for name, seen in found.items():
        rows.append([name, ratio(times(seen, first)), shown(statistics.median(seen) * 1e6)])
    return {"rounds": rounds, "sockets": sockets, "tables": {"compared": rows}}


def picture(found: Mapping[str, Any]) -> str:
    """Draw the microseconds of a delivery."""
    _, *rows = found["tables"]["compared"]
    return plot.bars({row[0].replace("`", ""): float(row[-1]) for row in rows}, "µs")
