"""The allowlist: mutants that no test can tell from the original, each with the reason.

``tools/mutate/allowlist.ini`` has a section for each, named by the snippet, the line and what it
becomes, any part of which may be a pattern as of a shell::

    [chat/myproject/schema.py: PREFIX = "chat" => PREFIX = "chatx"]
    reason = Any prefix will do.

They are not run, unless all are. An entry without a reason, one that no mutant of what is shown
has the name of, and one whose mutants are all killed when they are run, is a problem.
May import tools.problems, tools.reasons and tools.mutate.mutants.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tools.mutate.mutants import Mutant
from tools.problems import Problem
from tools.reasons import Reasons, matches

NAME = "tools/mutate/allowlist.ini"


class Allowlist:
    """The entries of a checkout, in the file of the given name."""

    def __init__(self, root: Path, name: str = NAME) -> None:
        self._reasons = Reasons(root, name)

    def entry(self, mutant: Mutant) -> str | None:
        """Return the entry that a mutant falls under, if there is one."""
        for entry in self._reasons.names:
            if matches(entry, mutant.name):
                return entry
        return None

    def problems(self, shown: Iterable[Mutant]) -> list[Problem]:
        """List the entries without a reason, and those that no shown mutant falls under."""
        needed = {self.entry(mutant) for mutant in shown}
        found = []
        for entry in self._reasons.names:
            if not self._reasons.has_reason(entry):
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
        return self._reasons.problem(entry, f"[{entry}] {what}", fix)
