"""The comments in a snippet that mark its sections and what the page highlights.

Imports the standard library only. The syntax of sections is that of `pymdownx.snippets`.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTION_MARKER = re.compile(
    r"-+8<-+[ \t]+\[[ \t]*(?P<type>start|end)[ \t]*:[ \t]*(?P<name>[a-z][-_0-9a-z]*)[ \t]*\]",
    re.IGNORECASE,
)
"""What a line that opens or closes a named section has in it."""

HIGHLIGHT_MARKER = re.compile(
    r"[ \t]*(?:#|//|--|<!--|/\*|\{#)[ \t]*\(hl(?:-start|-end)?\)[ \t]*(?:-->|\*/|#\})?[ \t]*$"
)
"""The comment at the end of a line, or alone, that says what the page highlights."""


def strip_markers(source: str) -> str:
    """Return `source` without the markers of sections and highlights."""
    return "".join(_kept(source.splitlines(keepends=True)))


def sections(source: str) -> dict[str, str]:
    """Return the text of each named section of `source`, dedented, without markers."""
    found: dict[str, list[str]] = {}
    opened: set[str] = set()
    for line in source.splitlines(keepends=True):
        marker = SECTION_MARKER.search(line)
        if marker is None:
            for name in opened:
                found[name].append(line)
        elif marker["type"].lower() == "start":
            found[marker["name"]] = []
            opened.add(marker["name"])
        else:
            opened.discard(marker["name"])
    return {name: textwrap.dedent(strip_markers("".join(lines))) for name, lines in found.items()}


def _kept(lines: list[str]) -> Iterator[str]:
    for line in lines:
        text = line.rstrip("\r\n")
        kept = HIGHLIGHT_MARKER.sub("", text)
        if SECTION_MARKER.search(line) is None and (kept or not text):
            yield kept + line[len(text) :]
