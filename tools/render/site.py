"""The built site: each address in it leads somewhere, and it loads nothing from another host.

MkDocs checks the links and anchors of Markdown itself; images, raw HTML and other hosts it does
not, and lychee, which would, is no Python package. So this little is our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from tools.snippets import Problem

_ADDRESSES = {"href", "src", "data", "poster", "srcset"}
_FOLLOWED = {"a", "area", "form"}
#: Kinds of <link> that a browser does not fetch.
_NAMED = {"alternate", "author", "canonical", "edit", "license", "next", "prev"}
_CSS = re.compile(r"(?:url\(|@import)\s*[\"']?([^\"')\s;]+)")


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        #: Each address, and whether a browser fetches it by itself.
        self.addresses: list[tuple[str, bool]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        named = tag == "link" and set(given.get("rel", "").split()) <= _NAMED
        for name in _ADDRESSES & given.keys():
            urls = given[name].split(",") if name == "srcset" else [given[name]]
            loads = tag not in _FOLLOWED and not named
            self.addresses += [(url.split()[0], loads) for url in urls if url.strip()]
        self.addresses += [(url, True) for url in _CSS.findall(given.get("style", ""))]


def check(root: Path, site: Path, address: str = "") -> Iterator[Problem]:
    """Yield what is wrong, at the line of the page or file that says it."""
    base = urlsplit(address or "http://here/")
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    found = {path: page.addresses for path, page in pages.items()}
    for path in site.rglob("*.css"):
        found[path] = [(url, True) for url in _CSS.findall(path.read_text(encoding="utf-8"))]
    for path, addresses in sorted(found.items()):
        name = path.relative_to(site).as_posix()
        for url, loads in dict.fromkeys(addresses):
            parts = urlsplit(urljoin(f"{base.geturl()}{name}", url))
            target = site / unquote(parts.path).removeprefix(base.path)
            target = target / "index.html" if target.is_dir() else target
            what = ""
            if parts.netloc != base.netloc:
                what = "is loaded from another host" if loads and parts.netloc else ""
            elif not parts.path.startswith(base.path) or not target.is_file():
                what = "leads nowhere"
            elif target in pages and unquote(parts.fragment) not in {"", *pages[target].ids}:
                what = "names an anchor that is not there"
            if what:
                file, line = _source(root, name, url)
                yield Problem(file, line, f"{url} {what}", "correct it, or copy it to docs/")


def _source(root: Path, name: str, url: str) -> tuple[str, int]:
    """Return the file of `docs/`, and the line, that an address of a built file came from."""
    source = Path("docs", name.removesuffix("index.html"))
    for path in (source, source.with_suffix(".md"), source / "index.md"):
        if (root / path).is_file():
            return path.as_posix(), line_of(root / path, url, re.split(r"[/#]", url.strip("/"))[-1])
    return f"site/{name}", 1


def line_of(path: Path, *texts: str) -> int:
    """Return the line of a file that has the first of some texts that it has at all."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for text in texts:
        for number, line in enumerate(lines, 1):
            if text and text in line:
                return number
    return 1
