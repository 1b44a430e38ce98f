"""Tables and sentences of what was measured, made from `docs/data/NAME.json`.

An old record is shown as it is, with its date and versions. Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

SERVERS = ("uvicorn", "daphne", "hypercorn")
_NAMES = {"python": "Python", "django": "Django"}

Record = Mapping[str, Any]


def rows_of(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Write a table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def read(root: Path, name: str) -> Record:
    """Return a record of a checkout."""
    path = root / "docs" / "data" / f"{name}.json"
    found: Record = json.loads(path.read_text(encoding="utf-8"))
    return found


def table(root: Path, name: str, arguments: Sequence[str]) -> str:
    """Return a record's table; the arguments say which part of it.

    Raises:
        KeyError: there is no such table or part.
    """
    results = read(root, name)["results"]
    if name == "comparison":
        return comparison(results, arguments)
    return {"versions": versions, "router_costs": costs, "django_middleware": middleware}[name](
        results
    )


def measured(record: Record) -> str:
    """Say when and with what a record was measured."""
    date, used = record["measured"]["date"], record["measured"]["versions"]
    named = ", ".join(f"{_NAMES.get(name, name)} {number}" for name, number in used.items())
    return f"Measured on {date}{' with ' if named else ''}{named}."


def count(record: Record, what: str) -> str:
    """Return how many sentences a group has, or with `_kept` how many the stock router keeps."""
    group, _, kept = what.partition("_")
    rows = [row for row in record["results"]["rows"] if row["group"] == group]
    if not rows or kept not in ("", "kept"):
        raise KeyError(what)
    return str(sum(not kept or _holds(row["stock"]) for row in rows))


def lowest(record: Record, name: str) -> str:
    """Return the lowest version of a package that was tested."""
    found: list[str] = [one["versions"][name] for one in record["results"]["sets"]]
    lowest = min(found, key=_number)
    return lowest if name != "python" else ".".join(lowest.split(".")[:2])


def comparison(results: Record, wanted: Sequence[str]) -> str:
    """Return the rows of a group, or those that are named."""
    known = {row["id"]: row for row in results["rows"]}
    rows = [row for row in known.values() if row["group"] in wanted]
    rows = rows or [known[one] for one in wanted]
    cells = [(row["sentence"], _cell(row["stock"]), _cell(row["ours"])) for row in rows]
    return rows_of(("", "Stock router", "This router"), cells)


def versions(results: Record) -> str:
    """Return the lowest and the newest version of each package that the guide was run with."""
    rows = []
    for name in results["sets"][0]["versions"]:
        found = sorted({one["versions"][name] for one in results["sets"]}, key=_number)
        rows.append((_NAMES.get(name, f"`{name}`"), found[0], found[-1]))
    return rows_of(("", "Lowest", "Newest"), rows)


def costs(results: Record) -> str:
    """Return what each task costs, as a multiple of its peer's."""
    rows = []
    for task in results["tasks"].values():
        peer = f"{task['peers']['median']:g} {task['unit']} ({task['peer']})"
        rows.append((task["sentence"], peer, _times(task["stock"]), _times(task["ours"])))
    return rows_of(("", "Peer", "Stock router", "This router"), rows)


def middleware(results: Record) -> str:
    """Return what a query costs inside the project's middleware."""
    said = {"inside": "`django_middleware=True`", "view": "Strawberry's own `AsyncGraphQLView`"}
    rows = [
        (what, *(_times(results[who][name]) for who in ("user", "nobody")))
        for name, what in said.items()
    ]
    return rows_of(("", "Logged in", "Nobody"), rows)


def _times(seen: Record) -> str:
    low, middle, high = seen["ratio"]
    spread = "" if low == high else f" ({low:.2f} to {high:.2f})"
    return f"{middle:.2f} times{spread}"


def _holds(servers: Record) -> bool:
    return all(servers[name] is True for name in SERVERS)


def _cell(servers: Record) -> str:
    """Write what was seen: once if it was the same on every server, else for each."""
    seen: dict[str, list[str]] = {}
    for name in SERVERS:
        outcome = servers[name]
        said = {True: "✓", False: "✗"}.get(outcome) or f"✗ {outcome}".replace("|", "\\|")
        seen.setdefault(said, []).append(name.capitalize())
    if len(seen) == 1:
        return next(iter(seen))
    return "<br>".join(f"{', '.join(names)}: {said}" for said, names in seen.items())


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
