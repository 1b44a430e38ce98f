"""What came of fuzzing: a record of each server, and the table that the security page shows.

Imports `tools.stamp` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.stamp import sentence, stamp, write

RECORD = Path(__file__).with_name("results.json")
TOOLS = ("hypothesis", "schemathesis")


@dataclass(frozen=True)
class Result:
    """What one server was sent, and what it was like before and after.

    Attributes:
        server: its name.
        frames: how many WebSocket frames it was sent.
        requests: how many HTTP requests.
        seconds: how long that took.
        tasks: the tasks of its event loop, before and after.
        mib: its resident memory in MiB, before and after.
    """

    server: str
    frames: int
    requests: int
    seconds: int
    tasks: tuple[int, int]
    mib: tuple[int, int]


def record(results: Iterable[Result], path: Path = RECORD) -> None:
    """Write what came of it."""
    write(path, {**stamp(TOOLS), "results": [asdict(result) for result in results]})


def table(recorded: Mapping[str, Any]) -> str:
    """Return the page's table."""
    lines = [
        "| Server | Frames | Requests | Seconds | Tasks before, after | MiB before, after |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for one in recorded["results"]:
        cells = [one["server"].capitalize(), f"{one['frames']:,}", f"{one['requests']:,}"]
        cells += [
            f"{one['seconds']:,}",
            *("{}, {}".format(*one[name]) for name in ("tasks", "mib")),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", sentence(recorded)])
