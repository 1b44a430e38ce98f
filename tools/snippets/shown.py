"""Shown: each part of a snippet that a page shows, and where. Imports `markers` only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.snippets.markers import HIGHLIGHT, INCLUDE, SECTION, fences


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
        elif inside:
            kept = HIGHLIGHT.sub("", text)
            if kept.strip() or not text.strip():
                lines.append((number, kept))
    return tuple(lines)
