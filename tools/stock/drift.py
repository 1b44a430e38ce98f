"""What is new of the stock router since the record, and which lines of the pages that makes false.

May import `page` only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.stock.page import PLACE, holds

Results = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]


def news(record: Mapping[str, Any], results: Results) -> list[str]:
    """Return what the stock router does otherwise than the record says."""
    found = []
    for claim in record["claims"]:
        for server, now in results.get(claim["name"], {}).get("stock", {}).items():
            before = claim["stock"].get(server)
            if before is None or before["holds"] == now["holds"]:
                continue
            what = {True: "now holds", False: "holds no more", None: "was not measured"}
            found.append(
                f"{what[now['holds']]}: {claim['name']} on {server} ({claim['says']}); "
                f"measured: {now['measured']}; recorded: {before['measured']}"
            )
    return found


def mended(record: Mapping[str, Any], results: Results) -> set[str]:
    """Return the claims that the pages may say fail, and that now hold wherever they were asked."""
    failing = {claim["name"] for claim in record["claims"] if not holds(claim, "stock")}
    return {
        name
        for name, routers in results.items()
        if name in failing and all(seen["holds"] for seen in routers.get("stock", {}).values())
    }


def sayings(docs: Path) -> Iterator[tuple[str, int, list[str]]]:
    """Yield each page and line that says of claims that they fail, with the claims' names."""
    for path in sorted(docs.rglob("*.md")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for found in PLACE.finditer(line):
                first, *names = found["words"].split()
                if first == "not":
                    yield path.relative_to(docs.parent).as_posix(), number, names


def false_lines(docs: Path, record: Mapping[str, Any], results: Results) -> list[str]:
    """Return the lines of the pages that say something fails which now holds."""
    now = mended(record, results)
    return [
        f"{page}:{line} says that {name} fails"
        for page, line, names in sayings(docs)
        for name in names
        if name in now
    ]
