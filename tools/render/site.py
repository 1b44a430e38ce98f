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
        self.ids |= {given.get("id", ""), given.get("name", "")}
        named = [given[name] for name in ("href", "src", "data", "poster") if name in given]
        self.addresses += [(url, tag not in ("a", "area")) for url in named]
        several = filter(str.strip, given.get("srcset", "").split(","))
        loaded = [one.split()[0] for one in several] + _CSS.findall(given.get("style", ""))
        self.addresses += [(url, True) for url in loaded]


def check(root: Path, site: Path, address: str = "") -> Iterator[Problem]:
    """Yield what is wrong, at the line of the page or file that says it."""
    base = urlsplit(f"{(address or 'http://here').rstrip('/')}/")
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
            elif target in pages and unquote(parts.fragment) not in pages[target].ids:
                what = "names an anchor that is not there"
            if what:
                yield Problem(
                    *_source(root, name, url),
                    f"{url} {what}",
                    "fix the address",
                )


def _source(root: Path, name: str, url: str) -> tuple[str, int]:
    """Return the file of `docs/`, and the line, that an address of a built file came from."""
    source = Path("docs", name.removesuffix("index.html"))
    for path in (source, source.with_suffix(".md"), source / "index.md"):
        if (root / path).is_file():
            return path.as_posix(), line_of(root / path, url, re.split(r"[/#]", url.strip("/"))[-1])
    return f"site/{name}", 1


def line_of(path: Path, *texts: str) -> int:
    """Return the line of a file that has the first of some texts that it has at all."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = (at for text in texts for at, line in enumerate(lines, 1) if text and text in line)
    return next(found, 1)
