"""Turns: the prose that tells a reader to do something, and how it says so.

What is told waits until it is taken. A sentence that sounds like an order, and is neither told by
the prose of a block nor known here, is not understood. May import the standard library only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.reader.page import Item

PATTERNS = {
    "stop": r"\bStop the server\b",
    "restart": r"\b(?:Restart the server|Start the server again)\b",
    "second terminal": r"\bsecond terminal\b",
    "log in": r"\bLog in (?:as (?P<user>\w+) )?at http://",
    "two people": (
        r"\bLog in as (?P<one>\w+)\. Open a private window and log in as (?P<other>\w+), "
        r"with the password (?P<password>[\w-]+)\."
    ),
    "anonymous": r"\b(?:Without a login|[Nn]ot logged in)\b",
    "the mutation": r"\bthe mutation is refused\b",
    "mutation again": r"\bRun the mutation again\b",
    "undo": r"\bThe rest of this page (?:stays with|does without)\b",
    "production": r"\bbefore the server starts\b",
    "only a status": r"\bDaphne can only say (?P<status>\d+), and its log has the reason",
    "misplace": r"\bWith daphne in the wrong place\b",
    "in other words": (
        r"\bwith (?P<choice>\w+), write (?P<new>uv add) for (?P<old>python -m pip install)\b"
    ),
}
#: What sounds like an order to do it now, and says when to do it if ever.
ADVICE = ("Log in before you connect.",)
_SENTENCE = re.compile(r"\S.*?(?:[.!?:](?=\s)|$)")
_ORDERS = "Stop|Start|Restart|Launch|Kill|Log in|Log out|Rerun|Undo|Revert"
_BEFORE = "And|Then|Now|Next|First|Finally|Afterwards"
_ORDER = re.compile(rf"(?:(?:{_ORDERS})|(?:{_BEFORE}),? (?:{_ORDERS.lower()}))\b")


class Turns:
    """What the reader has been told, and has not done yet.

    Attributes:
        told: by the name of the pattern, each time that it was said.
        reworded: for the commands of a reader who has chosen otherwise, what to write for what.
    """

    def __init__(self) -> None:
        self.told: dict[str, list[re.Match[str]]] = {}
        self.reworded: dict[str, str] = {}

    def hear(self, prose: str, choices: Collection[str]) -> set[str]:
        """Keep what a paragraph tells a reader with these choices to do, and return its names."""
        heard = {name: list(re.finditer(pattern, prose)) for name, pattern in PATTERNS.items()}
        for said in heard.pop("in other words"):  # it holds from here on, so nobody takes it
            if said["choice"] in choices:
                self.reworded[said["old"]] = said["new"]
        for name, said_so in heard.items():
            if said_so:
                self.told.setdefault(name, []).extend(said_so)
        return {name for name, said_so in heard.items() if said_so}

    def take(self, name: str) -> re.Match[str] | None:
        """Return what was told first under this name, once."""
        waiting = self.told.get(name, [])
        taken = waiting.pop(0) if waiting else None
        if not waiting:
            self.told.pop(name, None)
        return taken

    def in_other_words(self, script: str) -> str:
        """Return commands as this reader was told to write them."""
        for old, new in self.reworded.items():
            script = script.replace(old, new)
        return script


def is_anonymous(title: str) -> bool:
    """Tell whether a title speaks of somebody without a login."""
    return bool(re.search(PATTERNS["anonymous"], title))


def heard(items: Sequence[Item]) -> dict[str, int]:
    """Return how often each pattern is heard in the prose of a page."""
    count = Counter(
        name
        for item in items
        if item.kind == "prose"
        for name, pattern in PATTERNS.items()
        for _ in re.finditer(pattern, item.text)
    )
    return dict(count)


def not_understood(items: Sequence[Item]) -> Iterator[str]:
    """Yield the sentences that tell to do what no block shows and no pattern takes."""
    for number, item in enumerate(items):
        if item.kind != "prose":
            continue
        is_before_a_block = any(one.kind != "prose" for one in items[number + 1 : number + 2])
        taken = [
            found.span()
            for pattern in PATTERNS.values()
            for found in re.finditer(pattern, item.text)
        ]
        for sentence in _SENTENCE.finditer(item.text):
            start, end = sentence.span()
            is_shown = sentence[0].endswith(":") and end == len(item.text) and is_before_a_block
            is_taken = any(first < end and start < last for first, last in taken)
            if _ORDER.match(sentence[0]) and not (is_shown or is_taken or sentence[0] in ADVICE):
                yield sentence[0]
