"""The prose of a page: what it says outside of code blocks, and the numbers and names in that.

Prose too are the titles of code blocks, and the title and description of a page. A number is said
in digits, or in words: from two to twenty anywhere, a larger one where it counts a unit, a fraction
where it is one of something.

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
_SEEN = re.compile(r"(?:title|description): ")  # of the front matter
_CODE = re.compile(r"(`+)(?P<code>.+?)\1")
_CHECK_ID = re.compile(r"\b[EW]\d{3}\b")
#: What is no prose: where a link leads, an attribute list, a heading's or a list's own number.
_SILENT = re.compile(
    r"\]\([^)]*\)|\]: \S+|\[\d+(?=\])|\{[^}]*\}|<[^>]*>|^\s*:::.*"
    r"|^\s{4,}[\w ]+: \S+$|^#+ \d+\.|^\s*\d+\.(?= )"
)
_NUMBER = re.compile(r"(?<![\w.,-])(?:\d[\d.,]*(?<![.,])(?: MiB| MB)?|\dxx)(?!\w)")
_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    *("nineteen", "twenty"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_DIGIT = "|".join(_WORDS[1:10])
_UNITS = (
    r"(?:seconds?|minutes?|hours?|days?|times|attempts|bytes|characters|connections|listeners"
    r"|messages|operations|packages|parameters|processes|releases|sockets|subscriptions|versions)"
)
#: What one of so many is called.
_SHARES = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 10: "tenth", 100: "hundredth"}
_PART = f"(?:{'|'.join(_SHARES.values())})"
#: Without "one", which is too often no number; "between two" counts nothing.
_IN_WORDS = re.compile(
    rf"(?<![\w-])(?<!between )(?:{'|'.join(_WORDS[2:])})(?:-(?:{_DIGIT}))?\b"
    rf"|(?<![\w-])(?:{'|'.join(_TENS[1:])}|hundred|thousand)(?:-(?:{_DIGIT}))?(?=[ -]{_UNITS}\b)"
    rf"|\b(?<!other )(?:a )?{_PART}(?= of\b)|\bthe same {_PART}\b"
    r"|\bwithin an? (?:second|minute|hour|day)\b",
    re.IGNORECASE,
)
_CODE_LIKE = re.compile(r"[\w/][_/.]\w")


@dataclass(frozen=True)
class Line:
    """A line of prose."""

    file: str  #: as seen from the checkout
    number: int
    text: str

    def names(self) -> Iterator[str]:
        """Yield what stands between backticks, and the ids of checks."""
        for found in _CODE.finditer(self.text):
            yield found["code"].strip()
        yield from _CHECK_ID.findall(_SILENT.sub(_blank, self.text))

    def numbers(self) -> Iterator[tuple[int, str]]:
        """Yield each number that is said, and where in the line."""
        said = _SILENT.sub(_blank, _CODE.sub(_blank, self.text))
        for pattern in (_NUMBER, _IN_WORDS):
            for found in pattern.finditer(said):
                yield found.start(), found[0]


class Title(Line):
    """The title of a code block, where what looks like code is a name."""

    def names(self) -> Iterator[str]:
        """Yield the words that have a path or an underscore in them."""
        yield from (word.strip("(),:;") for word in self.text.split() if _CODE_LIKE.search(word))


def in_words(number: float) -> str:
    """Return how a whole number below a hundred is said."""
    assert number in range(100)
    tens, rest = divmod(int(number), 10)
    if number < len(_WORDS):
        return _WORDS[int(number)]
    return _TENS[tens - 2] + (f"-{_WORDS[rest]}" if rest else "")


def part_in_words(share: float) -> str:
    """Return what such a part of one is called."""
    return _SHARES[round(1 / share)]


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def prose(docs: Path) -> Iterator[Line]:
    """Yield the lines of every page that are prose."""
    for path in sorted(docs.rglob("*.md")):
        yield from page(docs.parent, path.relative_to(docs.parent).as_posix())


def page(root: Path, file: str) -> Iterator[Line]:
    """Yield the lines of one page that are prose."""
    source = (root / file).read_text(encoding="utf-8")
    front = _FRONT_MATTER.match(source)
    lines = source.splitlines()
    in_front = range(source[: front.end()].count("\n") if front else 0)
    silent = {number for number in in_front if not _SEEN.match(lines[number])}
    titles: dict[int, str] = {}
    for block in fences(lines):
        silent.update(range(block.start, block.end))
        titles[block.start] = block.options.get("title", "")
    for number, text in enumerate(lines):
        if titles.get(number):
            yield Title(file, number + 1, titles[number])
        elif number not in silent and text.strip():
            yield Line(file, number + 1, text)
