"""The record of the library's mutants, and what it says of each module as that is now.

May import tools.modules, tools.stamp, tools.mutate.allowlist, .mutants and .summed; not
cosmic-ray, for a page of the site has these figures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.modules import LIBRARY
from tools.mutate.allowlist import Allowlist
from tools.mutate.mutants import Mutant
from tools.mutate.summed import Summed
from tools.problems import Problem
from tools.stamp import stamp, write

NAME = "tools/mutate/library.json"
ALLOWLIST = "tools/mutate/library_allowlist.ini"
LOWEST = 90  #: per cent of those tried that have to be killed


@dataclass
class Figures(Summed):
    """What came of the mutants of a module, or of all."""

    mutants: int = 0
    tried: int = 0
    killed: int = 0
    timed_out: int = 0  #: of the killed
    allowed: int = 0
    survivors: list[Mutant] = field(default_factory=list)  #: but those allowed
    unknown: list[str] = field(default_factory=list)  #: modules that changed, or were never run

    @property
    def percent(self) -> float:
        """How many were killed of those tried, but for those allowed to survive."""
        count = self.tried - self.allowed
        return 100 * self.killed / count if count else 100.0


def modules(root: Path) -> list[str]:
    """Return the files of the library."""
    found = [path for folder in LIBRARY for path in (root / folder).rglob("*.py")]
    return sorted(path.relative_to(root).as_posix() for path in found)


class Record:
    """What is known of each module."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / NAME
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else "{}"
        record = json.loads(text)
        self._stamps: list[dict[str, Any]] = record.get("stamps", [])
        self._modules: dict[str, dict[str, Any]] = record.get("modules", {})

    @property
    def dates(self) -> list[str]:
        """The days of the runs."""
        return sorted({its["date"] for its in self._stamps})

    def of(self, module: str) -> Mapping[str, Any] | None:
        """Return the results of a module as it is now."""
        known = self._modules.get(module)
        return known if known is not None and known["digest"] == self._digest(module) else None

    def survivors(self, module: str) -> Iterator[Mutant]:
        """Yield those of a module as it is now, those allowed as well."""
        for its in (self.of(module) or {"survived": ()})["survived"]:
            yield Mutant(module, its["line"], its["operator"], its["was"], its["now"], "")

    def put(
        self, module: str, *, mutants: int, killed: Iterable[str], survived: Iterable[Mutant]
    ) -> None:
        """Put in what came of a module's mutants.

        Args:
            module: the file.
            mutants: how many it has in all.
            killed: what killed each of those that were killed.
            survived: the others that were tried.
        """
        now = stamp(["cosmic-ray"])
        if now not in self._stamps:
            self._stamps.append(now)
        by = list(killed)
        left = sorted(survived, key=lambda one: (one.line, one.kind, one.now))
        self._modules[module] = {
            "digest": self._digest(module),
            "stamp": self._stamps.index(now),
            "mutants": mutants,
            "tried": len(by) + len(left),
            "killed": len(by),
            "timed_out": by.count("time out"),
            "survived": [
                {"line": one.line, "operator": one.kind, "was": one.was, "now": one.now}
                for one in left
            ],
        }

    def write(self) -> None:
        """Write the record, without modules that are gone."""
        there = modules(self.root)
        kept = {name: its for name, its in sorted(self._modules.items()) if name in there}
        used = sorted({its["stamp"] for its in kept.values()})
        self._stamps = [self._stamps[old] for old in used]
        self._modules = {n: {**its, "stamp": used.index(its["stamp"])} for n, its in kept.items()}
        write(self.path, {"stamps": self._stamps, "modules": self._modules})

    def _digest(self, module: str) -> str:
        return hashlib.sha256((self.root / module).read_bytes()).hexdigest()[:16]


def figures(root: Path, wanted: Collection[str] = ()) -> dict[str, Figures]:
    """Return the figures of the wanted modules (of all, if none is named)."""
    record, allowlist = Record(root), Allowlist(root, ALLOWLIST)
    found = {}
    for module in wanted or modules(root):
        known = record.of(module)
        if known is None:
            found[module] = Figures(unknown=[module])
            continue
        survivors = list(record.survivors(module))
        left = [one for one in survivors if allowlist.entry(one) is None]
        found[module] = Figures(
            mutants=known["mutants"],
            tried=known["tried"],
            killed=known["killed"],
            timed_out=known["timed_out"],
            allowed=len(survivors) - len(left),
            survivors=left,
        )
    return found


def together(found: Mapping[str, Figures]) -> Figures:
    """Return the sum of figures."""
    total = Figures()
    for one in found.values():
        total.add(one)
    return total


def problems(root: Path) -> list[Problem]:
    """List the entries of the allowlist without a reason, and those of nothing that survived."""
    record = Record(root)
    survived = [one for module in modules(root) for one in record.survivors(module)]
    return Allowlist(root, ALLOWLIST).problems(survived)


def table(found: Mapping[str, Figures]) -> str:
    """Return the figures as lines of text, with their sum."""
    rows = [["module", "mutants", "tried", "killed", "timed out", "allowlisted", "survived", "%"]]
    for name, one in [*found.items(), ("together", together(found))]:
        if one.unknown == [name]:
            rows.append([name, *["not run"] * (len(rows[0]) - 1)])
            continue
        counts = (one.mutants, one.tried, one.killed, one.timed_out, one.allowed)
        rows.append([name, *map(str, (*counts, len(one.survivors))), f"{one.percent:.1f}"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    )
