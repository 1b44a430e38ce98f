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
    base = urlsplit(address).path.rstrip("/") + "/"
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    found = {path: list(dict.fromkeys(page.addresses)) for path, page in pages.items()}
    for path in site.rglob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found[path] = [(url, True) for url in _CSS.findall(text)]
    for path, addresses in sorted(found.items()):
        name = path.relative_to(site).as_posix()
        for url, loads in addresses:
            parts = urlsplit(urljoin(f"http://here{base}{name}", url))
            foreign = parts.netloc not in ("here", urlsplit(address).netloc)
            what = ""
            if parts.scheme not in ("http", "https") or (foreign and not loads):
                continue
            if foreign:
                what = f"{url} is loaded from another host"
            else:
                target = site / unquote(parts.path).removeprefix(base)
                target = target / "index.html" if target.is_dir() else target
                if not parts.path.startswith(base) or not target.is_file():
                    what = f"{url} leads nowhere"
                elif target in pages and unquote(parts.fragment) not in {"", *pages[target].ids}:
                    what = f"{url} names an anchor that is not there"
            if what:
                yield Problem(*_source(root, name, url), what, "correct it, or copy it to docs/")


def _source(root: Path, name: str, url: str) -> tuple[str, int]:
    """Return the page of `docs/`, and the line, that a built page's address came from."""
    stem = name.removesuffix("index.html").rstrip("/")
    for page in (f"docs/{stem}.md", f"docs/{stem}/index.md".replace("//", "/"), f"docs/{name}"):
        if (root / page).is_file():
            parts = urlsplit(url)
            tail = parts.path.rstrip("/").rpartition("/")[2]
            return page, line_of(root / page, url, f"#{parts.fragment}", tail)
    return f"site/{name}", 1


def line_of(path: Path, *texts: str) -> int:
    """Return the line of a file that has the first of some texts that it has at all."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for text in texts:
        for number, line in enumerate(lines, 1):
            if text.strip("#") and text in line:
                return number
    return 1
