"""Snippets: the files that pages include, and what is wrong with them or with the pages."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong, at which line of which file, and what to do."""

    file: str
    line: int
    what: str
    fix: str = ""

    def __str__(self) -> str:
        fix = f"; {self.fix}" if self.fix else ""
        return f"{self.file}:{self.line}: {self.what}{fix}"
