"""Reasons: a file of exceptions, each a section named by what it lets pass, with its reason.

A section's name may be a pattern, as of a shell. May import tools.problems.
"""

from __future__ import annotations

import configparser
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tools.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path


class Reasons:
    """The exceptions of a checkout; none, where it has no such file."""

    def __init__(self, root: Path, name: str) -> None:
        path = root / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self._name = name
        self._entries = configparser.ConfigParser(interpolation=None)
        self._entries.read_string(text)
        self._lines = text.splitlines()
        self.names = self._entries.sections()

    def has_reason(self, entry: str) -> bool:
        """Tell whether an entry says why."""
        return bool(self._entries[entry].get("reason", "").strip())

    def problem(self, entry: str, what: str, fix: str) -> Problem:
        """Return a problem of an entry, with its line."""
        return Problem(self._name, self._lines.index(f"[{entry}]") + 1, what, fix)


def matches(pattern: str, what: str) -> bool:
    """Tell whether an entry's name is, or as a pattern takes in, ``what``."""
    return pattern == what or fnmatchcase(what, pattern)
