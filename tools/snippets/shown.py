"""Shown: each part of a snippet that a page shows, and where.

What a page says is bound to files by these: a digest of the shown lines tells whether a proof of
them is still one of what is shown. Imports `markers` only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.snippets.markers import HIGHLIGHT, INCLUDE, SECTION, fences

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Shown:
    """An include on a page."""

    page: str  #: the page's file under docs/
    line: int  #: its line there, from 1
    target: str  #: what is included, as the page writes it: "file" or "file:section"
    lines: tuple[tuple[int, str], ...]  #: what is seen, each line with its number in the file

    @property
    def file(self) -> str:
        """The snippet's file under snippets/."""
        return self.target.partition(":")[0]

    @property
    def digest(self) -> str:
        """A hash of the lines that are seen."""
        text = "\n".join(line for _, line in self.lines)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def shown(root: Path) -> Iterator[Shown]:
    """Yield what the pages of a checkout show, page by page and in order.

    Raises:
        LookupError: a page includes a section that its file does not have.
    """
    docs = root / "docs"
    for path in sorted(docs.rglob("*.md")):
        page = path.relative_to(docs).as_posix()
        for block in fences(path.read_text(encoding="utf-8").splitlines()):
            for number, text in enumerate(block.lines, block.start + 2):
                if found := INCLUDE.match(text):
                    file, _, section = found["target"].partition(":")
                    source = (root / "snippets" / file).read_text(encoding="utf-8")
                    lines = seen(source, section)
                    if not lines:
                        where = f"{docs.name}/{page}:{number}"
                        raise LookupError(f"{where}: nothing to show of {found['target']}")
                    yield Shown(page, number, found["target"], lines)


def seen(source: str, section: str = "") -> tuple[tuple[int, str], ...]:
    """Return the lines of a file, or of a section of it, that a reader sees, with their numbers."""
    lines: list[tuple[int, str]] = []
    inside = not section
    for number, text in enumerate(source.splitlines(), 1):
        if marker := SECTION.match(text):
            if section and marker["name"] == section:
                inside = marker["type"].lower() == "start"
        elif inside and not _is_bare_highlight(text):
            lines.append((number, HIGHLIGHT.sub("", text)))
    return tuple(lines)


def _is_bare_highlight(text: str) -> bool:
    found = HIGHLIGHT.search(text)
    return found is not None and not text[: found.start()].strip()
