"""Sections: the named parts of one snippet, and what is wrong with its markers.

May import tools.markers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.markers import HIGHLIGHT, INCLUDE, SECTION

if TYPE_CHECKING:
    from pathlib import Path

#: Whatever looks as if it were meant to be a marker: scissors, or [start:...] in a comment.
_SECTION_LIKE = re.compile(
    r"-{1,}\s*8\s*<\s*-{1,}|8<|(?:#|//|--|<!--|/\*|\{#).*\[\s*(?:start|end|begin|stop)\s*[:\]]",
    re.IGNORECASE,
)
_HIGHLIGHT_LIKE = re.compile(
    r"(?:#|//|--|<!--|/\*|\{#)\s*[\[(]\s*(?:hl|h1|highlight)[-_ ]?(?:start|end|begin)?\s*[\])]",
    re.IGNORECASE,
)


@dataclass
class Sections:
    """What one file has: sections by name with their lines, and problems by line."""

    starts: list[tuple[int, str]] = field(default_factory=list)
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    content: bool = False

    @property
    def names(self) -> list[str]:
        """The names of the sections, in order."""
        return [name for _, name in self.starts]

    @classmethod
    def read(cls, path: Path) -> Sections:
        """Read the markers of a file."""
        found = cls()
        open_: dict[str, tuple[int, bool]] = {}
        highlight = 0
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            marker = SECTION.match(line)
            shade = HIGHLIGHT.search(line)
            if marker and not marker["escape"]:
                found._marker(number, marker, open_)
            elif _SECTION_LIKE.search(line) and not INCLUDE.match(line):
                found.problems.append(
                    (number, f"malformed marker {line.strip()!r}", "write # --8<-- [start:name]")
                )
            else:
                if shade and shade["kind"] != "hl":
                    highlight = found._highlight(number, shade, line, highlight)
                elif not shade and _HIGHLIGHT_LIKE.search(line):
                    found.problems.append(
                        (number, f"malformed highlight {line.strip()!r}", "write # (hl)")
                    )
                if line.strip():
                    found.content = True
                    open_ = {name: (start, True) for name, (start, _) in open_.items()}
        for name, (start, _) in open_.items():
            found.problems.append(
                (start, f"section {name!r} is not closed", f"end it with # --8<-- [end:{name}]")
            )
        if highlight:
            found.problems.append((highlight, "(hl-start) without (hl-end)", "close it"))
        return found

    def _marker(
        self, number: int, marker: re.Match[str], open_: dict[str, tuple[int, bool]]
    ) -> None:
        name = marker["name"]
        if not re.fullmatch(r"\s*(?:#|//|--|<!--|/\*|\{#|\"\"\")?\s*", marker["before"]):
            self.problems.append(
                (number, f"marker of {name!r} behind code", "give it a line of its own")
            )
        if marker["type"].lower() == "start":
            if name in self.names:
                self.problems.append(
                    (number, f"section {name!r} is there twice", "give one another name")
                )
            else:
                self.starts.append((number, name))
            open_[name] = (number, False)
        elif name not in open_:
            self.problems.append(
                (number, f"end of section {name!r} that was not started", "start it above")
            )
        else:
            start, filled = open_.pop(name)
            if not filled:
                self.problems.append(
                    (start, f"section {name!r} is empty", "put something in it or remove it")
                )

    def _highlight(self, number: int, shade: re.Match[str], line: str, open_at: int) -> int:
        kind = shade["kind"]
        if line[: shade.start()].strip():
            self.problems.append(
                (number, f"({kind}) behind code", "give it a line of its own, or use (hl)")
            )
        if kind == "hl-start":
            if open_at:
                self.problems.append((number, "(hl-start) inside another", "close the first"))
            return number
        if not open_at:
            self.problems.append((number, "(hl-end) without (hl-start)", "start it above"))
        return 0
