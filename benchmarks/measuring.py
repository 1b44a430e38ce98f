"""What the benchmarks share: a server's processor time and memory, and ratios round by round.

May import tools.harness.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from tools.harness.servers import Server


def cpu_seconds(server: Server) -> float:
    """Return the processor time that the server has used."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii")
    user, system = fields.rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def memory_bytes(server: Server) -> int:
    """Return the memory that the server occupies."""
    fields = Path(f"/proc/{server.process.pid}/statm").read_text(encoding="ascii")
    return int(fields.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def ratios(mine: Sequence[float], peer: Sequence[float]) -> list[float]:
    """Return the smallest, the median and the largest ratio of one round's figures."""
    found = [one / other for one, other in zip(mine, peer, strict=True)]
    extremes = (min(found), statistics.median(found), max(found))
    return [round(ratio, 2) for ratio in extremes]
