"""Tables and sentences of what was measured, from `docs/data/NAME.json`, however old it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from packaging.version import Version

_NAMES = {"python": "Python", "django": "Django"}

Record = Mapping[str, Any]
Rows = Iterator[Sequence[str]]


def table(rows: Iterable[Sequence[str]]) -> str:
    """Write a table; the first of the rows is its header."""
    header, *others = rows
    lines = [header, ["---"] * len(header), *others]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def measured(record: Record) -> str:
    """Say when and with what a record was measured."""
    date, used = record["measured"]["date"], record["measured"]["versions"]
    named = ", ".join(f"{_NAMES.get(name, name)} {number}" for name, number in used.items())
    results = record.get("results", {})
    rounds = f" in {results['rounds']} rounds" if "rounds" in results else ""
    return f"Measured on {date}{rounds}{' with ' if named else ''}{named}."


def count(results: Record, group: str, kept: str = "") -> str:
    """Return how many sentences a group has, or with `kept` how many the stock router keeps."""
    seen = [_cell(row["stock"]) for row in _chosen(results, [group])]
    return str(seen.count("✓") if kept else len(seen))


def comparison(results: Record, *wanted: str) -> Rows:
    """Yield the rows of a group, or those that are named."""
    yield "", "Stock router", "This router"
    for row in _chosen(results, wanted):
        yield row["sentence"], _cell(row["stock"]), _cell(row["ours"])


def versions(results: Record) -> Rows:
    """Yield the lowest and the newest version of each package that the guide was run with."""
    yield "", "Lowest", "Newest"
    for name in results["sets"][0]["versions"]:
        found = sorted((one["versions"][name] for one in results["sets"]), key=Version)
        yield _NAMES.get(name, f"`{name}`"), found[0], found[-1]


def broadcast(results: Record, name: str) -> Rows:
    """Yield the rows of a table that a benchmark has made itself."""
    yield from results["tables"][name]


connect = http = publish = servers = broadcast


def _chosen(results: Record, wanted: Sequence[str]) -> list[Record]:
    rows = {row["id"]: row for row in results["rows"]}
    group = [row for row in rows.values() if row["group"] in wanted]
    return group or [rows[one] for one in wanted]


def _cell(servers: Record) -> str:
    """Write what was seen: once if it was the same on every server, else for each."""
    seen: dict[str, list[str]] = {}
    for name in filter(servers.__contains__, ("uvicorn", "daphne", "hypercorn")):
        outcome = str(servers[name]).replace("|", "\\|")
        said = {"True": "✓", "False": "✗"}.get(outcome, f"✗ {outcome}")
        seen.setdefault(said, []).append(name.capitalize())
    if len(seen) == 1:
        return next(iter(seen))
    return "<br>".join(f"{', '.join(names)}: {said}" for said, names in seen.items())
