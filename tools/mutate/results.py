"""Results: what came of the mutants of each included part, and the figures of each page.

The record holds them under the digest of what was shown: of a part that has changed since, nothing
is known. What may survive is what the allowlist names today. May import tools.markers, tools.shown,
tools.stamp, tools.mutate.allowlist, tools.mutate.mutants and tools.mutate.summed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.markers import HIGHLIGHT
from tools.mutate.allowlist import Allowlist
from tools.mutate.mutants import Mutant, mutants
from tools.mutate.summed import Summed
from tools.shown import Shown, shown
from tools.stamp import stamp, write

NAME = "tools/mutate/record.json"
RECORDED = "recorded/"
#: How mutants are tried. Since 2, the tests of a module keep their order, and no mutant is left
#: to a linter; since 3, there are those of `tools.mutate.finer`.
METHOD = 3
#: Kills by an earlier method than this one are worth less: they are said apart, and tried again.
WORTHY = 2


@dataclass
class Figures(Summed):
    """The figures of a page, or of all."""

    lines: int = 0
    mutants: int = 0
    killed: int = 0
    allowlisted: int = 0
    not_run: int = 0
    earlier: int = 0  #: of the killed, those by a method before `WORTHY`
    survivors: list[str] = field(default_factory=list)  #: "docs/page.md:line: file:line: mutant"


def parts(root: Path) -> list[Shown]:
    """Return what the pages show, but for what is recorded from a run and compared with it."""
    return [one for one in shown(root) if RECORDED not in one.file]


def mutants_of(root: Path, part: Shown) -> list[Mutant]:
    """Return the mutants of an included part."""
    source = (root / "snippets" / part.file).read_text(encoding="utf-8")
    return mutants(part.file, source, (number for number, _ in part.lines))


class Record:
    """What is known of each included part."""

    def __init__(self, root: Path) -> None:
        self.path = root / NAME
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else "{}"
        record = json.loads(text)
        self._stamps: list[dict[str, Any]] = record.get("stamps", [])
        self._parts: dict[str, dict[str, Any]] = record.get("parts", {})

    def of(self, part: Shown) -> Mapping[str, Any] | None:
        """Return the results of a part as it is now."""
        known = self._parts.get(part.target)
        return known if known is not None and known["digest"] == part.digest else None

    def method_of(self, part: Shown) -> int:
        """Return how the mutants of a part were tried; 0 if nothing is known of it as it is now."""
        known = self.of(part)
        return 0 if known is None else known.get("method", 1)

    @property
    def dates(self) -> list[str]:
        """The days of its runs."""
        return sorted({stamp["date"] for stamp in self._stamps})

    def add(
        self,
        part: Shown,
        outcomes: Iterable[tuple[Mutant, str]],
        *,
        killed: int = 0,
        allowlisted: int = 0,
        method: int = METHOD,
    ) -> None:
        """Put in what came of the mutants of a part: the name of what killed each, or nothing.

        Args:
            part: where it is shown.
            outcomes: what came of each that was tried now.
            killed: how many of its other mutants were killed.
            allowlisted: how many may survive.
            method: how those that were killed before were tried.
        """
        now = stamp()
        if now not in self._stamps:
            self._stamps.append(now)
        tried = list(outcomes)
        numbers = [number for number, _ in part.lines]
        self._parts[part.target] = {
            "digest": part.digest,
            "stamp": self._stamps.index(now),
            "method": method,
            "lines": len(part.lines),
            "killed": killed + sum(bool(by) for _, by in tried),
            "allowlisted": allowlisted,
            "survived": [
                {
                    "line": numbers.index(mutant.line) + 1,
                    "kind": mutant.kind,
                    "was": mutant.was,
                    "now": mutant.now,
                }
                for mutant, by in tried
                if not by
            ],
        }

    def write(self, current: Iterable[Shown]) -> None:
        """Write the record, without what is no longer shown."""
        targets = {part.target for part in current}
        kept = {name: its for name, its in sorted(self._parts.items()) if name in targets}
        used = sorted({its["stamp"] for its in kept.values()})
        self._stamps = [self._stamps[old] for old in used]
        self._parts = {n: {**its, "stamp": used.index(its["stamp"])} for n, its in kept.items()}
        write(self.path, {"stamps": self._stamps, "parts": self._parts})


def figures(root: Path) -> dict[str, Figures]:
    """Return the figures of each page of a checkout that shows snippets, by its name."""
    record, allowlist = Record(root), Allowlist(root)
    found: dict[str, Figures] = {}
    counted: set[tuple[str, str]] = set()
    for part in parts(root):
        if (part.page, part.target) not in counted:
            counted.add((part.page, part.target))
            its = _of_part(part, record, mutants_of(root, part), allowlist)
            found.setdefault(part.page, Figures()).add(its)
    return found


def _of_part(part: Shown, record: Record, tried: Sequence[Mutant], allowlist: Allowlist) -> Figures:
    known = record.of(part)
    if known is None:
        return Figures(len(part.lines), len(tried), not_run=len(tried))
    survivors = [
        f"docs/{part.page}:{part.line}: snippets/{part.file}:{part.lines[one['line'] - 1][0]}: "
        f"{HIGHLIGHT.sub('', one['was'])} => {HIGHLIGHT.sub('', one['now'])}"
        for one in known["survived"]
    ]
    # Of what was passed over, nothing is known once its entry is gone.
    allowed = min(
        known["allowlisted"], sum(allowlist.entry(mutant) is not None for mutant in tried)
    )
    killed = known["killed"]
    return Figures(
        lines=len(part.lines),
        mutants=len(tried),
        killed=killed,
        allowlisted=allowed,
        not_run=len(tried) - killed - allowed - len(survivors),
        earlier=killed if record.method_of(part) < WORTHY else 0,
        survivors=survivors,
    )


def table(found: Mapping[str, Figures]) -> str:
    """Return the figures as lines of text, with their sum."""
    total = Figures()
    for one in found.values():
        total.add(one)
    rows = [["page", "lines", "mutants", "killed", "allowlisted", "survived", "not run", "earlier"]]
    for name, one in [*found.items(), ("together", total)]:
        counts = (one.lines, one.mutants, one.killed, one.allowlisted, len(one.survivors))
        rows.append([name, *map(str, (*counts, one.not_run, one.earlier))])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    )
