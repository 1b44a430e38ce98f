"""The allowlist: what the snippet checks let pass, each entry with its reason.

``tools/snippets_allowlist.toml`` holds tables of three kinds::

    [[typed_block]]            # a block whose text stands in the page
    page = "docs/x.md"
    starts = "the block's first line"
    reason = "..."

    [[unused_section]]         # a section that no page shows
    section = "chat/myproject/schema.py:name"
    reason = "..."

    [[unused_file]]            # a snippet that nothing shows or imports (a pattern)
    file = "chat/*"
    reason = "..."

An entry without a reason, or that lets nothing pass, is a problem itself.
May import tools.problems.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from tools.problems import Problem

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KEYS = {
    "typed_block": ("page", "starts"),
    "unused_section": ("section",),
    "unused_file": ("file",),
}
NAME = "tools/snippets_allowlist.toml"


class Allowlist:
    """What may pass, and what of it was needed."""

    def __init__(self, root: Path) -> None:
        path = root / NAME
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self.entries: dict[str, list[Mapping[str, str]]] = tomllib.loads(text)
        self._lines = text.splitlines()
        self._used: set[tuple[str, int]] = set()

    def allows(self, kind: str, **what: str) -> bool:
        """Tell whether an entry of this kind matches every given value."""
        for number, entry in enumerate(self.entries.get(kind, ())):
            if all(fnmatchcase(value, entry.get(key, "")) for key, value in what.items()):
                self._used.add((kind, number))
                return True
        return False

    def problems(self) -> list[Problem]:
        """List the entries that are malformed, without a reason or not needed."""
        found: list[Problem] = []
        for kind, entries in self.entries.items():
            if kind not in KEYS:
                known = ", ".join(KEYS)
                found.append(Problem(NAME, 0, f"no such kind {kind!r}", f"use one of {known}"))
                continue
            for number, entry in enumerate(entries):
                found += self._of_entry(kind, number, entry)
        return found

    def _of_entry(self, kind: str, number: int, entry: Mapping[str, str]) -> list[Problem]:
        headers = [n for n, line in enumerate(self._lines, 1) if line.strip() == f"[[{kind}]]"]
        line = headers[number] if number < len(headers) else 0
        missing = [key for key in (*KEYS[kind], "reason") if not str(entry.get(key, "")).strip()]
        if missing:
            return [Problem(NAME, line, f"entry without {' or '.join(missing)}", "write it")]
        if (kind, number) not in self._used:
            return [Problem(NAME, line, "entry that lets nothing pass", "remove it")]
        return []
