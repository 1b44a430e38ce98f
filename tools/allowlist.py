"""The allowlist: what the snippet checks let pass, each entry with its reason.

``tools/allowlist.ini`` has a section for each exception, named by its kind and by what may
pass (a pattern, as of a shell)::

    [typed_block docs/x.md: the block's first line]
    reason = ...
    [unused_section chat/myproject/schema.py:name]
    reason = ...
    [unused_file chat/*]
    reason = ...

An entry without a reason, or that lets nothing pass, is a problem itself.
May import tools.problems and tools.reasons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.reasons import Reasons, matches

if TYPE_CHECKING:
    from pathlib import Path

    from tools.problems import Problem

KINDS = ("typed_block", "unused_section", "unused_file")
NAME = "tools/allowlist.ini"


class Allowlist:
    """What may pass, and what of it was needed."""

    def __init__(self, root: Path) -> None:
        self._reasons = Reasons(root, NAME)
        self._used: set[str] = set()

    def allows(self, kind: str, what: str) -> bool:
        """Tell whether an entry of this kind lets ``what`` pass."""
        for entry in self._reasons.names:
            entry_kind, _, pattern = entry.partition(" ")
            if entry_kind == kind and matches(pattern, what):
                self._used.add(entry)
                return True
        return False

    def problems(self) -> list[Problem]:
        """List the entries that are malformed, without a reason or not needed."""
        found: list[Problem] = []
        for entry in self._reasons.names:
            kind = entry.partition(" ")[0]
            if kind not in KINDS:
                fix = f"use one of {', '.join(KINDS)}"
                found.append(self._reasons.problem(entry, f"no such kind {kind!r}", fix))
            elif not self._reasons.has_reason(entry):
                what = f"[{entry}] has no reason"
                found.append(self._reasons.problem(entry, what, "write reason = ..."))
            elif entry not in self._used:
                what = f"[{entry}] lets nothing pass"
                found.append(self._reasons.problem(entry, what, "remove it"))
        return found
