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
May import tools.problems.
"""

from __future__ import annotations

import configparser
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tools.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("typed_block", "unused_section", "unused_file")
NAME = "tools/allowlist.ini"


class Allowlist:
    """What may pass, and what of it was needed."""

    def __init__(self, root: Path) -> None:
        path = root / NAME
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self._entries = configparser.ConfigParser(interpolation=None)
        self._entries.read_string(text)
        self._lines = text.splitlines()
        self._used: set[str] = set()

    def allows(self, kind: str, what: str) -> bool:
        """Tell whether an entry of this kind lets ``what`` pass."""
        for entry in self._entries.sections():
            entry_kind, _, pattern = entry.partition(" ")
            if entry_kind == kind and (pattern == what or fnmatchcase(what, pattern)):
                self._used.add(entry)
                return True
        return False

    def problems(self) -> list[Problem]:
        """List the entries that are malformed, without a reason or not needed."""
        found: list[Problem] = []
        for entry in self._entries.sections():
            kind = entry.partition(" ")[0]
            line = self._lines.index(f"[{entry}]") + 1 if f"[{entry}]" in self._lines else 0
            if kind not in KINDS:
                fix = f"use one of {', '.join(KINDS)}"
                found.append(Problem(NAME, line, f"no such kind {kind!r}", fix))
            elif not self._entries[entry].get("reason", "").strip():
                found.append(Problem(NAME, line, f"[{entry}] has no reason", "write reason = ..."))
            elif entry not in self._used:
                found.append(Problem(NAME, line, f"[{entry}] lets nothing pass", "remove it"))
        return found
