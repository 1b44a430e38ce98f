"""What came of fuzzing: a record of each server, and the table that the security page shows.

Imports `tools.stamp` and the names of the harness's servers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools import stamp
from tools.harness.servers import SERVERS

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


def digest(folder: Path = RECORD.parent) -> str:
    """Return a hash of what throws and judges, which leaves this module out."""
    own = folder / Path(__file__).name
    return stamp.digest(path for path in folder.glob("*.py") if path != own)


def record(results: Iterable[Result], path: Path = RECORD) -> bool:
    """Write what came of it, and tell whether that is now known of every server.

    A server that was not asked keeps what the same day and versions made of it. Where there is
    no such thing, nothing is written.
    """
    now = {**stamp.stamp(TOOLS), "digest": digest()}
    old = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    same = {**now, "results": []} == {**old, "results": []}
    known = {one["server"]: one for one in old["results"]} if same else {}
    known.update({result.server: asdict(result) for result in results})
    if set(known) != set(SERVERS):
        return False
    stamp.write(path, {**now, "results": [known[name] for name in SERVERS]})
    return True


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
    return "\n".join([*lines, "", stamp.sentence(recorded)])
