"""The prose of a page: its lines without code blocks, and the numbers and names in them.

A number is said in digits, or in words where it counts a unit or is a default.

May import tools.markers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.markers import fences

if TYPE_CHECKING:
    from collections.abc import Iterator

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_CODE = re.compile(r"(`+)(?P<code>.+?)\1")
#: What is no prose: where a link leads, an attribute list, a heading's or a list's own number.
_SILENT = re.compile(
    r"\]\([^)]*\)|\]: \S+|\[\d+(?=\])|\{[^}]*\}|<[^>]*>|^\s*:::.*"
    r"|^\s{4,}[\w ]+: \S+$|^#+ \d+\.|^\s*\d+\.(?= )"
)
_NUMBER = re.compile(r"(?<![\w.,-])\d[\d.,]*(?<![.,])(?: MiB| MB)?(?!\w)")
_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    *("nineteen", "twenty"),
)
_ROUND = "thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand"
#: Without "one", which is too often no number.
_SAID = rf"(?:{'|'.join(_WORDS[2:])}|{_ROUND})"
_UNITS = (
    r"(?:seconds?|minutes?|hours?|days?|times|attempts|bytes|characters|connections|listeners"
    r"|messages|operations|packages|parameters|processes|releases|sockets|subscriptions|versions)"
)
_IN_WORDS = re.compile(
    rf"(?<![\w-]){_SAID}(?:-\w+)??(?=[ -]{_UNITS}\b)|(?<=default is ){_SAID}\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Line:
    """A line of prose."""

    page: str
    number: int
    text: str

    def names(self) -> Iterator[str]:
        """Yield what stands between backticks."""
        for found in _CODE.finditer(self.text):
            yield found["code"].strip()

    def numbers(self) -> Iterator[tuple[int, str]]:
        """Yield each number that is said, and where in the line."""
        said = _SILENT.sub(_blank, _CODE.sub(_blank, self.text))
        for pattern in (_NUMBER, _IN_WORDS):
            for found in pattern.finditer(said):
                yield found.start(), found[0]


def in_words(number: float) -> str:
    """Return how a small whole number is said."""
    assert number in range(len(_WORDS))
    return _WORDS[int(number)]


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def prose(docs: Path) -> Iterator[Line]:
    """Yield the lines of every page that are prose."""
    for path in sorted(docs.rglob("*.md")):
        source = path.read_text(encoding="utf-8")
        front = _FRONT_MATTER.match(source)
        skipped = set(range(source[: front.end()].count("\n"))) if front else set()
        lines = source.splitlines()
        for block in fences(lines):
            skipped.update(range(block.start, block.end))
        page = path.relative_to(docs).as_posix()
        for number, text in enumerate(lines):
            if number not in skipped and text.strip():
                yield Line(page, number + 1, text)
