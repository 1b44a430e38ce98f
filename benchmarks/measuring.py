"""What the benchmarks share: processor time and memory of a server, and what is made of figures.

May import tools.harness.
"""

from __future__ import annotations

import math
import os
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.harness.servers import Server

_RESAMPLES = 2_000


def cpu_seconds(server: Server) -> float:
    """Return the processor time that the server has used, by the clocks of its processes."""
    # `clock_getcpuclockid` of the C library; /proc/PID/stat has the same time, in steps of 10 ms.
    clocks = ((~process << 3) | 2 for process in _processes(server.process.pid))
    return sum(map(time.clock_gettime_ns, clocks)) / 1e9


def memory_bytes(server: Server) -> int:
    """Return the memory that the server occupies."""
    pages = 0
    for process in _processes(server.process.pid):
        pages += int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processes(process: int) -> list[int]:
    """Return a process and its children: Hypercorn serves in one."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [process, *(one for child in children.split() for one in _processes(int(child)))]


def line(points: Mapping[int, float]) -> tuple[float, float]:
    """Return the fixed part, and the part for each of N, of what grows with N.

    The points are weighted so that each counts by its relative error.
    """
    weights = {n: 1 / seen**2 for n, seen in points.items()}
    total = sum(weights.values())
    mean_n = sum(weights[n] * n for n in points) / total
    mean = sum(weights[n] * seen for n, seen in points.items()) / total
    above = sum(weights[n] * (n - mean_n) * (seen - mean) for n, seen in points.items())
    slope = above / sum(weights[n] * (n - mean_n) ** 2 for n in points)
    return mean - slope * mean_n, slope


def times(mine: Sequence[float], peer: Sequence[float]) -> float:
    """Return the median of the ratios, round by round."""
    return statistics.median(one / other for one, other in zip(mine, peer, strict=True))


def interval(mine: Sequence[float], peer: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean ratio of paired rounds, and its 95 % interval by a bootstrap."""
    logs = [math.log(one / other) for one, other in zip(mine, peer, strict=True)]
    draw = random.Random(17)  # noqa: S311 (statistics)
    means = sorted(statistics.fmean(draw.choices(logs, k=len(logs))) for _ in range(_RESAMPLES))
    low, high = means[round(0.025 * _RESAMPLES)], means[round(0.975 * _RESAMPLES) - 1]
    return math.exp(low), math.exp(statistics.fmean(logs)), math.exp(high)


def shown(value: float, digits: int = 2) -> str:
    """Write a figure as a table has it, with two or three digits that mean something."""
    if value >= 10**digits:
        return f"{round(value):,}"
    return f"{float(f'{value:.{digits}g}'):g}"


def ratio(value: float) -> str:
    """Write a ratio as a table has it."""
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"
