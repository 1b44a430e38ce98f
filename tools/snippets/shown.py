"""Shown: the lines of snippets that pages show. Imports `markers` only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.snippets.markers import HIGHLIGHT, INCLUDE, SECTION, fences


class Shown(NamedTuple):
    """An include on a page."""

    page: str  #: the page's file under docs/
    file: str  #: the snippet's file under snippets/
    lines: tuple[tuple[int, str], ...]  #: what is seen, each line with its number in the file


def shown(root: Path) -> Iterator[Shown]:
    """Yield what the pages of a checkout show, page by page and in order."""
    docs = root / "docs"
    for path in sorted(docs.rglob("*.md")):
        for block in fences(path.read_text(encoding="utf-8").splitlines()):
            for found in filter(None, map(INCLUDE.match, block.lines)):
                file, _, section = found["target"].partition(":")
                source = (root / "snippets" / file).read_text(encoding="utf-8")
                yield Shown(path.relative_to(docs).as_posix(), file, seen(source, section))


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
