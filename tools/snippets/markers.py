"""Markers: the comments in a snippet that say what is shown of it, and how.

``# --8<-- [start:name]`` and ``[end:name]`` bound a section; ``# (hl)`` at the end of a
line highlights it; ``# (hl-start)`` and ``# (hl-end)`` alone on theirs highlight what is
between. The comment may be that of any language. Also: how a page includes a snippet.
Imports the standard library only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECTION = re.compile(
    r"^(?P<before>.*?)(?P<escape>;*)-+8<-+[ \t]+"
    r"\[[ \t]*(?P<type>start|end)[ \t]*:[ \t]*(?P<name>[a-z][-_0-9a-z]*)[ \t]*\](?P<after>.*)$",
    re.IGNORECASE,
)
HIGHLIGHT = re.compile(
    r"[ \t]*(?:\#|//|--|<!--|/\*|\{\#)[ \t]*\((?P<kind>hl|hl-start|hl-end)\)"
    r"[ \t]*(?:-->|\*/|\#\})?[ \t]*$"
)
INCLUDE = re.compile(
    r"^(?P<indent>[ \t]*)-{1,}8<-{1,}[ \t]+(?P<quote>[\"'])(?P<target>.+?)(?P=quote)$"
)
_OPEN = re.compile(r"^(?P<indent>[ \t>]*)(?P<fence>`{3,}|~{3,})(?P<header>[^`]*)$")


@dataclass
class Fence:
    """A fenced block: where it starts (from 0), its header and the lines inside it."""

    start: int
    indent: str
    fence: str
    header: str
    lines: list[str] = field(default_factory=list)
    closed: bool = False

    @property
    def end(self) -> int:
        """The index of the line after the block."""
        return self.start + 1 + len(self.lines) + self.closed

    @property
    def language(self) -> str:
        """The language of the block, or an empty string."""
        found = re.match(r"\{?[ \t]*\.?(?P<name>[\w#+.-]+)(?=[\s}]|$)", self.header.strip())
        return found["name"].lower() if found else ""


def fences(lines: Sequence[str]) -> Iterator[Fence]:
    """Yield the fenced blocks of a page, those inside tabs and admonitions too."""
    block: Fence | None = None
    for number, line in enumerate(lines):
        if block is None:
            found = _OPEN.match(line)
            if found:
                block = Fence(number, found["indent"], found["fence"], found["header"])
        elif line.rstrip() == block.indent + block.fence:
            block.closed = True
            yield block
            block = None
        else:
            block.lines.append(line)
    if block is not None:
        yield block


def take_highlights(lines: Sequence[str]) -> tuple[list[str], list[int]]:
    """Remove highlight markers; return the lines, and the numbers (from 1) they marked."""
    kept: list[str] = []
    marked: list[int] = []
    inside = False
    for line in lines:
        found = HIGHLIGHT.search(line)
        kind = found["kind"] if found else ""
        if kind in ("hl-start", "hl-end"):
            inside = kind == "hl-start"
            continue
        kept.append(line[: found.start()] if found else line)
        if inside or kind == "hl":
            marked.append(len(kept))
    return kept, marked
