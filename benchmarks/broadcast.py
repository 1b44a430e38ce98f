"""An event to N subscribers with the same query: processor time, and time to receipt.

Every program keeps its subscribers while their number grows, and all are asked in turn.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import plot
from benchmarks.crowd import Crowd, crowd
from benchmarks.measuring import line, ratio, shown, times
from benchmarks.programs import NAMES, SOCKETS, project, served

#: Of each number of subscribers: how many events in a round, how many at a time, and how many by
#: themselves, whose time to receipt is taken.
EVENTS = {
    1: (1_000, 20, 100),
    100: (100, 20, 40),
    300: (60, 20, 30),
    1_000: (20, 10, 10),
    5_000: (10, 5, 5),
}
#: These take too long with more subscribers than this.
SLOW, MOST = ("channels", "stock", "executed"), 1_000
ROUNDS = 5
#: How much of a core an event each second may take, where the subscribers for a core are told.
LOAD = 0.5
LOOK = {1: (20, 20, 5), 100: (20, 20, 5)}

Found = dict[str, dict[int, list[float]]]


def measure(look: bool, say: Callable[[str], None]) -> tuple[int, Found, Found]:
    """Return the rounds, and of each program and number: CPU seconds an event, and latencies."""
    rounds, sizes = (1, LOOK) if look else (ROUNDS, EVENTS)
    cpu: Found = {name: {} for name in SOCKETS}
    late: Found = {name: {} for name in SOCKETS}
    with project() as made, contextlib.ExitStack() as stack:
        crowds: dict[str, Crowd] = {}
        for name in SOCKETS:
            server = stack.enter_context(served(made, name))
            crowds[name] = stack.enter_context(crowd(server))
        for size, (events, batch, single) in sizes.items():
            asked = [name for name in SOCKETS if size <= MOST or name not in SLOW]
            for name in asked:
                crowds[name].grow(size)
                crowds[name].publish(batch, batch)  # for warmth
                cpu[name][size], late[name][size] = [], []
            for number in range(rounds):
                for name in asked if number % 2 else asked[::-1]:
                    cpu[name][size].append(crowds[name].publish(events, batch))
                    late[name][size] += crowds[name].latencies(single)
            say(f"{size:,} subscribers")
    return rounds, cpu, late


def results(rounds: int, cpu: Found, late: Found) -> dict[str, Any]:
    """Return what the record has: tables for the page, and the figures behind them."""
    middle = {name: {n: statistics.median(v) for n, v in by.items()} for name, by in cpu.items()}
    sizes = list(middle["bare"])
    header = [f"{size:,}" for size in sizes]
    compared = [["Server's CPU, times bare ASGI", *header]]
    behind = [["Latency, p50 / p99 (ms)", *header]]
    fitted = [["", "For each event (µs)", "For each delivery (µs)", "Subscribers for a core"]]
    for name in SOCKETS:
        by = cpu[name]
        compared.append(
            [
                NAMES[name],
                *(ratio(times(by[n], cpu["bare"][n])) if n in by else "" for n in sizes),
            ]
        )
        behind.append([NAMES[name], *(_percentiles(late[name].get(n)) for n in sizes)])
        fixed, each = line(middle[name])
        reached = float(f"{(LOAD - fixed) / each:.2g}")
        fitted.append(
            [NAMES[name], shown(max(fixed, 0) * 1e6), shown(each * 1e6), f"{reached:,.0f}"]
        )
    against = {
        "executed, times stock router": times(cpu["executed"][100], cpu["stock"][100]),
        "shared, times bare ws": times(cpu["shared"][sizes[-1]], cpu["node-ws"][sizes[-1]]),
        "shared, times graphql-ws": times(cpu["shared"][sizes[-1]], cpu["node-graphql"][sizes[-1]]),
    }
    return {
        "rounds": rounds,
        "tables": {"compared": compared, "fitted": fitted, "latency": behind},
        "against": {name: round(value, 2) for name, value in against.items()},
        "microseconds": {
            name: {str(n): round(v * 1e6, 1) for n, v in by.items()} for name, by in middle.items()
        },
    }


def _percentiles(seen: list[float] | None) -> str:
    if not seen:
        return ""
    seen = sorted(seen)
    chosen = (seen[len(seen) // 2], seen[min(len(seen) - 1, len(seen) * 99 // 100)])
    return " / ".join(shown(seconds * 1e3) for seconds in chosen)


def picture(found: Mapping[str, Any]) -> str:
    """Draw the microseconds of a delivery over the number of subscribers."""
    lines = {
        NAMES[name].replace("`", ""): {int(n): value / int(n) for n, value in by.items()}
        for name, by in found["microseconds"].items()
    }
    return plot.lines(lines, "Subscribers with the same query", "Server's CPU a delivery (µs)")


def main(look: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure, and return the results."""
    return results(*measure(look, say))
