"""Pages: what one built HTML page says, has and points to.

May import the standard library only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LEFTOVER = re.compile(
    r"-{1,}8<-{1,}|\[(?:start|end):\s*[\w-]+\]|(?:#|//|<!--|/\*)\s*\(hl(?:-\w+)?\)"
)
_URL_ATTRIBUTES = {
    "a": ("href",),
    "area": ("href",),
    "audio": ("src",),
    "base": ("href",),
    "embed": ("src",),
    "form": ("action",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
_NAVIGATES = {"a", "area", "form"}
#: Kinds of <link> that only name an address; the others make the browser fetch it.
_NAMES_ONLY = {"alternate", "author", "canonical", "edit", "help", "license", "next", "prev"}


@dataclass(frozen=True)
class Reference:
    """An address in a page; ``loads`` tells whether a browser fetches it by itself."""

    line: int
    tag: str
    url: str
    loads: bool


@dataclass
class SitePage:
    """One page of a built site."""

    title: str = ""
    description: str = ""
    ids: set[str] = field(default_factory=set)
    repeated_ids: list[tuple[int, str]] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    leftovers: list[tuple[int, str]] = field(default_factory=list)
    loose_code: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> SitePage:
        """Read a built page."""
        page = cls()
        parser = _Parser(page)
        parser.feed(path.read_text(encoding="utf-8"))
        parser.close()
        return page


class _Parser(HTMLParser):
    def __init__(self, page: SitePage) -> None:
        super().__init__()
        self.page = page
        self.in_title = False
        self.in_head = False
        #: For each open <div>, whether it or one around it is from a snippet, or a signature.
        self.from_source: list[bool] = []

    @property
    def line(self) -> int:
        return self.getpos()[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "head":
            self.in_head = True
        elif tag == "title" and self.in_head:
            self.in_title = True
        elif tag == "meta" and given.get("name") == "description":
            self.page.description = given.get("content", "")
        elif tag == "div":
            around = bool(self.from_source) and self.from_source[-1]
            signature = "doc-signature" in given.get("class", "").split()
            self.from_source.append(around or signature or "data-snippet" in given)
        elif tag == "pre" and not (self.from_source and self.from_source[-1]):
            self.page.loose_code.append(self.line)
        self._take_id(given)
        self._take_references(tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "head":
            self.in_head = False
        elif tag == "title":
            self.in_title = False
        elif tag == "div" and self.from_source:
            self.from_source.pop()

    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.page.title += data
        self._take_leftovers(data)

    def handle_comment(self, data: str) -> None:
        self._take_leftovers(f"<!--{data}")

    def _take_leftovers(self, data: str) -> None:
        for found in _LEFTOVER.finditer(data):
            line = self.line + data.count("\n", 0, found.start())
            self.page.leftovers.append((line, found[0]))

    def _take_id(self, given: dict[str, str]) -> None:
        for name in {given.get("id"), given.get("name") if "href" in given else None} - {None, ""}:
            assert name is not None
            if name in self.page.ids:
                self.page.repeated_ids.append((self.line, name))
            self.page.ids.add(name)

    def _take_references(self, tag: str, given: dict[str, str]) -> None:
        loads = tag not in _NAVIGATES
        if tag == "link":
            loads = not set(given.get("rel", "").lower().split()) <= _NAMES_ONLY
        for name in _URL_ATTRIBUTES.get(tag, ()):
            value = given.get(name)
            if value is None:
                continue
            urls = [value]
            if name == "srcset":
                urls = [part.split()[0] for part in value.split(",") if part.strip()]
            for url in urls:
                self.page.references.append(Reference(self.line, tag, url, loads))
        for url in re.findall(r"url\(\s*[\"']?([^\"')]+)", given.get("style", "")):
            self.page.references.append(Reference(self.line, tag, url, loads=True))
