"""What the pages say of the record: figures, tables, and what may be said at all.

May import tools.stamp only: the pages are built where no probe can run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tools import stamp

HERE = Path(__file__).resolve().parent
RECORD = HERE / "record.json"
#: Besides those of every record.
DISTRIBUTIONS = ("redis",)
SERVERS = ("uvicorn", "daphne", "hypercorn")
KINDS = ("documented", "expected")
PLACE = re.compile(r"<!-- stock: (?P<words>\w[\w -]*?) -->")
_WORDS = (
    *("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve"),
)

Claim = Mapping[str, Any]


def digest(folder: Path = HERE) -> str:
    """Return a hash of the probes and of the site that is probed."""
    return stamp.digest([*folder.glob("probes/*.py"), *folder.glob("project/*.py")])


def holds(claim: Claim, router: str) -> bool:
    """Tell whether a router keeps a claim on every server."""
    return all(seen["holds"] for seen in claim[router].values())


def fill(markdown: str, record: Mapping[str, Any]) -> str:
    """Put what the record says in each place ``<!-- stock: WORDS -->`` of a page.

    WORDS: ``KIND`` and ``KIND held`` for how many claims there are and how many the stock router
    keeps, ``table KIND``, ``made`` for the date and versions, ``version DISTRIBUTION``; or
    ``not NAME ...``, which shows nothing: the page says there that the stock router does not keep
    these.

    Raises:
        ValueError: a place asks for what there is not, or says what the record does not.
    """
    return PLACE.sub(lambda found: _filled(found["words"].split(), record), markdown)


def _filled(words: list[str], record: Mapping[str, Any]) -> str:
    claims: dict[str, Claim] = {claim["name"]: claim for claim in record["claims"]}
    match words:
        case ["not", *names] if names:
            for name in names:
                if name not in claims:
                    raise ValueError(f"no claim is called {name!r}")
                if holds(claims[name], "stock"):
                    raise ValueError(f"the page says that {name!r} fails, and it holds")
            return ""
        case ["made"]:
            return stamp.sentence(record)
        case ["version", name] if name in record["versions"]:
            return str(record["versions"][name])
        case ["table", kind] if kind in KINDS:
            return table(claim for claim in claims.values() if claim["kind"] == kind)
        case [kind, *held] if kind in KINDS and held in ([], ["held"]):
            of_kind = [claim for claim in claims.values() if claim["kind"] == kind]
            return number(sum(not held or holds(claim, "stock") for claim in of_kind))
    raise ValueError(f"<!-- stock: {' '.join(words)} --> is no place; see tools/stock/page.py")


def number(count: int) -> str:
    """Return a number in words, as far as a page would write one."""
    return _WORDS[count] if count < len(_WORDS) else str(count)


def table(claims: Iterable[Claim]) -> str:
    """Return the table of claims."""
    lines = ["| | Stock router | This router |", "| --- | --- | --- |"]
    for claim in claims:
        cells = [claim["says"]]
        if claim["neither"]:
            cells[0] += f"<br>(Neither router does: {claim['neither']}.)"
        for router in ("stock", "ours"):
            sign = "✓" if holds(claim, router) else "✗"
            cells.append(f"{sign} {measured(claim[router])}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def measured(servers: Mapping[str, Any]) -> str:
    """Return what was seen: once if it was the same on every server, else for each."""
    seen: dict[str, list[str]] = {}
    for server in sorted(servers, key=SERVERS.index):
        text = servers[server]["measured"].replace("|", "\\|")
        seen.setdefault(text, []).append(server.title())
    if len(seen) == 1:
        return next(iter(seen))
    return "<br>".join(f"{', '.join(names)}: {text}" for text, names in seen.items())
