"""The allowlist: mutants that no test can tell from the original, each with the reason.

``tools/mutate/allowlist.ini`` has a section for each, named by the snippet, the line and what it
becomes, any part of which may be a pattern as of a shell::

    [chat/myproject/schema.py: PREFIX = "chat" => PREFIX = "chatx"]
    reason = Any prefix will do.

They are not run, unless all are. An entry without a reason, one that no mutant of what is shown
has the name of, and one whose mutants are all killed when they are run, is a problem.
May import tools.problems and tools.mutate.mutants.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from tools.mutate.mutants import Mutant
from tools.problems import Problem

NAME = "tools/mutate/allowlist.ini"


class Allowlist:
    """The entries of a checkout."""

    def __init__(self, root: Path) -> None:
        path = root / NAME
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self._entries = configparser.ConfigParser(interpolation=None)
        self._entries.read_string(text)
        self._lines = text.splitlines()

    def entry(self, mutant: Mutant) -> str | None:
        """Return the entry that a mutant falls under, if there is one."""
        for entry in self._entries.sections():
            if entry == mutant.name or fnmatchcase(mutant.name, entry):
                return entry
        return None

    def problems(self, shown: Iterable[Mutant]) -> list[Problem]:
        """List the entries without a reason, and those that no shown mutant falls under."""
        needed = {self.entry(mutant) for mutant in shown}
        found = []
        for entry in self._entries.sections():
            if not self._entries[entry].get("reason", "").strip():
                found.append(self._problem(entry, "has no reason", "write reason = ..."))
            elif entry not in needed:
                found.append(self._problem(entry, "names no mutant of what is shown", "remove it"))
        return found

    def killed(self, outcomes: Iterable[tuple[Mutant, bool]]) -> list[Problem]:
        """List the entries whose mutants have all been run and killed."""
        survivors: dict[str, int] = {}
        for mutant, killed in outcomes:
            entry = self.entry(mutant)
            if entry is not None:
                survivors[entry] = survivors.get(entry, 0) + (not killed)
        return [
            self._problem(entry, "names mutants that the tests kill", "remove it")
            for entry, count in survivors.items()
            if not count
        ]

    def _problem(self, entry: str, what: str, fix: str) -> Problem:
        return Problem(NAME, self._lines.index(f"[{entry}]") + 1, f"[{entry}] {what}", fix)
