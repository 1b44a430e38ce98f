"""A socket that connects and subscribes: the server's processor time, and its memory."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import plot
from benchmarks.crowd import crowd
from benchmarks.measuring import memory_bytes, ratio, shown, times
from benchmarks.programs import NAMES, SOCKETS, project, served

ROUNDS, FIRST, MORE = 3, 100, 500


def main(look: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure each program on a fresh server in each round, and return the results."""
    rounds, first, more = (1, 10, 20) if look else (ROUNDS, FIRST, MORE)
    seconds: dict[str, list[float]] = {name: [] for name in SOCKETS}
    memory: dict[str, list[float]] = {name: [] for name in SOCKETS}
    with project() as made:
        for number in range(rounds):
            for name in SOCKETS if number % 2 else SOCKETS[::-1]:
                with served(made, name) as server, crowd(server) as sockets:
                    sockets.grow(first)
                    before = memory_bytes(server)
                    seconds[name].append(sockets.grow(first + more) / more)
                    memory[name].append((memory_bytes(server) - before) / more)
            say(f"round {number + 1} of {rounds}")
    rows = [["", "Times bare ASGI", "Times stock router", "CPU (ms)", "Memory (KiB)"]]
    for name in SOCKETS:
        mine = seconds[name]
        beside = [ratio(times(mine, seconds[peer])) for peer in ("bare", "stock")]
        milliseconds = shown(statistics.median(mine) * 1e3)
        kibibytes = shown(statistics.median(memory[name]) / 1024)
        rows.append([NAMES[name], *beside, milliseconds, kibibytes])
    return {"rounds": rounds, "sockets": more, "tables": {"compared": rows}}


def picture(found: Mapping[str, Any]) -> str:
    """Draw the memory of a subscribed socket."""
    _, *rows = found["tables"]["compared"]
    return plot.bars({row[0].replace("`", ""): float(row[-1]) for row in rows}, "KiB")
