"""A page as its reader sees it: headings, paragraphs and code blocks, in their order.

Built HTML goes in. Of each item it is kept under which headings it stands and, inside tabs,
which alternatives it belongs to. May import the standard library only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_PROSE = {"p", "li", "td", "th", "summary"}
_VOID = {"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
_LANGUAGE = re.compile(r"\blanguage-([\w+-]+)")


@dataclass(frozen=True)
class Item:
    """Something on the page.

    Attributes:
        headings: the titles above it, from the page's own downwards.
        tabs: the labels of the tabs around it, with all labels that each set offers.
        kind: ``prose``, or the language of a block of code.
        title: what stands over a block.
        text: the words of prose, or the code.
        links: where prose leads to.
        frames: the lines of a conversation, with ``client`` or ``server``.
    """

    headings: tuple[str, ...]
    tabs: tuple[tuple[str, tuple[str, ...]], ...]
    kind: str
    title: str
    text: str
    links: tuple[str, ...]
    frames: tuple[tuple[str, str], ...]

    @property
    def place(self) -> str:
        """Where a reader finds it, for messages."""
        chosen = "".join(f" [{label}]" for label, _ in self.tabs)
        return " > ".join(self.headings[1:]) + chosen

    def is_for(self, choices: Sequence[str]) -> bool:
        """Tell whether a reader with these choices reads it.

        Tabs of which none is chosen are views of one thing: all of them are read.
        """
        return all(
            label in choices or not set(offered) & set(choices) for label, offered in self.tabs
        )


@dataclass
class _Element:
    tag: str
    classes: list[str]
    text: list[str] = field(default_factory=list)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.items: list[Item] = []
        self.open: list[_Element] = []
        self.headings: dict[int, str] = {}
        #: For each open set of tabs: its labels, and how many of its blocks have begun.
        self.sets: list[tuple[list[str], list[int]]] = []
        self.links: list[str] = []
        self.title: list[str] = []
        self.frames: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _VOID:
            return
        element = _Element(tag, given.get("class", "").split())
        if tag in _PROSE and any(one.tag in _PROSE for one in self.open):
            self._prose()  # what a list item says before a list or paragraph inside it
        self.open.append(element)
        if "tabbed-set" in element.classes:
            self.sets.append(([], [0]))
        elif "tabbed-block" in element.classes and self.sets:
            self.sets[-1][1][0] += 1
        elif "highlight" in element.classes:
            self.title, self.frames = [], []
        if tag == "a" and "headerlink" not in element.classes:
            self.links.append(given.get("href", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or not any(one.tag == tag for one in self.open):
            return
        while self.open:
            element = self.open.pop()
            self._close(element)
            if element.tag == tag:
                return

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text.append(data)

    def _close(self, element: _Element) -> None:
        text = "".join(element.text)
        if element.tag in _HEADINGS:
            level = _HEADINGS[element.tag]
            self.headings = {one: name for one, name in self.headings.items() if one < level}
            self.headings[level] = text.removesuffix("¶").strip()
        elif element.tag == "label" and self.sets and self._inside("tabbed-labels"):
            self.sets[-1][0].append(text.strip())
        elif "tabbed-set" in element.classes:
            self.sets.pop()
        elif "filename" in element.classes:
            self.title = [text]
        elif "frame" in element.classes:
            who = "client" if "frame--client" in element.classes else "server"
            self.frames.append((who, text.strip("\n")))
        elif element.tag == "code" and self._inside("highlight") and self.open[-1].tag == "pre":
            self._add(self._language(), "".join(self.title), text)
        elif element.tag in _PROSE:
            self.open.append(element)
            self._prose()
            self.open.pop()

    def _inside(self, name: str) -> bool:
        return any(name in one.classes for one in self.open)

    def _language(self) -> str:
        classes = " ".join(next(one.classes for one in self.open if "highlight" in one.classes))
        found = _LANGUAGE.search(classes)
        return found[1] if found else "text"

    def _prose(self) -> None:
        around = [one for one in self.open if one.tag in _PROSE]
        text = " ".join("".join(around[-1].text).split())
        for element in around:
            element.text.clear()
        if text:
            self._add("prose", "", text, tuple(self.links))
        self.links = []

    def _add(self, kind: str, title: str, text: str, links: tuple[str, ...] = ()) -> None:
        tabs = tuple(
            (labels[begun[0] - 1], tuple(labels)) for labels, begun in self.sets if begun[0]
        )
        headings = tuple(name for _, name in sorted(self.headings.items()))
        frames = tuple(self.frames) if kind == "frames" else ()
        self.items.append(Item(headings, tabs, kind, title, text, links, frames))


def read(path: Path) -> list[Item]:
    """Return what the article of a built page says, in its order."""
    html = path.read_text(encoding="utf-8")
    parser = _Parser()
    parser.feed(html[html.index("<article") : html.index("</article>")])
    parser.close()
    return parser.items


def section(items: Iterable[Item], *headings: str) -> list[Item]:
    """Return what stands under any of these headings.

    Raises:
        LookupError: the page has no such heading.
    """
    given = list(items)
    known = {name for item in given for name in item.headings}
    missing = set(headings) - known
    if missing:
        raise LookupError(f"no heading {sorted(missing)}; the page has {sorted(known)}")
    return [item for item in given if set(headings) & set(item.headings)]
