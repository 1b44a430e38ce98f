"""Check the built site: nothing leads nowhere, and nothing comes from another host.

``python -m tools.check_site [SITE]`` reads every HTML and CSS file and prints each fault as
``file:line: what; fix``: links and anchors inside the site, images and whatever else raw
HTML names, scripts, styles, fonts and images of other hosts, snippet notation left over,
code that no snippet gave, pages without a title or description, an id used twice.
May import tools.markers, tools.pages and tools.problems.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from tools.pages import Reference, SitePage
from tools.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
_CSS_URL = re.compile(r"(?:url\(\s*|@import\s+)[\"']?(?P<url>[^\"')\s;]+)", re.IGNORECASE)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_LOCAL_SCHEMES = {"data", "mailto", "tel", "blob", "about"}
#: Pages that belong to the theme and are reached by nobody's link.
_WITHOUT_DESCRIPTION = {"404.html"}


class SiteCheck:
    """One run over a built site."""

    def __init__(self, site: Path, address: str = "") -> None:
        self.site = site
        self.host = urlsplit(address).netloc
        self.base = urlsplit(address).path.rstrip("/") + "/"
        self.pages = {
            path.relative_to(site).as_posix(): SitePage.read(path)
            for path in sorted(site.rglob("*.html"))
        }
        self.references = 0
        self.problems: list[Problem] = []

    def run(self) -> list[Problem]:
        """Check everything; return what is wrong in the order of files and lines."""
        if not self.pages:
            return [Problem(str(self.site), 0, "no page here", "build the site first")]
        for name, page in self.pages.items():
            self._check_page(name, page)
            for reference in page.references:
                self.references += 1
                self._check_reference(name, reference)
        for path in sorted(self.site.rglob("*.css")):
            self._check_css(path)
        return sorted(self.problems)

    def _report(self, file: str, line: int, what: str, fix: str) -> None:
        self.problems.append(Problem(f"{self.site.name}/{file}", line, what, fix))

    def _check_page(self, name: str, page: SitePage) -> None:
        if not page.title.strip():
            self._report(name, 1, "no title", "give the page one in its front matter")
        if not page.description.strip() and name not in _WITHOUT_DESCRIPTION:
            self._report(name, 1, "no description", "give the page one in its front matter")
        for line, text in page.leftovers:
            self._report(name, line, f"unprocessed snippet notation {text!r}", "mend the include")
        for line, repeated in page.repeated_ids:
            self._report(name, line, f"the id {repeated!r} is used twice", "rename one of them")
        for line in page.loose_code:
            self._report(name, line, "code that no snippet gave", "include it from snippets/")

    def _check_reference(self, name: str, reference: Reference) -> None:
        url = reference.url.strip()
        parts = urlsplit(url)
        if parts.scheme in _LOCAL_SCHEMES:
            return
        if parts.scheme == "javascript":
            self._report(name, reference.line, f"script in a link {url!r}", "use a real link")
            return
        if (parts.scheme or parts.netloc) and parts.netloc != self.host:
            if reference.loads:
                self._report(
                    name,
                    reference.line,
                    f"<{reference.tag}> loads {url} from another host",
                    "keep a copy in docs/assets/",
                )
            return
        if parts.netloc and not parts.path.startswith(self.base):
            return
        problem = self._missing(name, parts.path, unquote(parts.fragment))
        if problem:
            self._report(name, reference.line, f"<{reference.tag}> {url!r}: {problem}", "mend it")

    def _missing(self, name: str, path: str, fragment: str) -> str:
        target = self._file(name, path)
        if target is None:
            return "it leads out of the site"
        file = self.site / target
        if file.is_dir():
            target = f"{target}/index.html".lstrip("/")
            file = self.site / target
        if not file.is_file():
            return f"there is no {target}"
        if fragment and target in self.pages and fragment not in self.pages[target].ids:
            return f"{target} has no anchor {fragment!r}"
        return ""

    def _file(self, name: str, path: str) -> str | None:
        if not path:
            return name
        base = f"http://site{self.base}{name}"
        joined = unquote(urlsplit(urljoin(base, path)).path)
        if not joined.startswith(self.base):
            return None
        return joined[len(self.base) :].rstrip("/")

    def _check_css(self, path: Path) -> None:
        name = path.relative_to(self.site).as_posix()
        text = path.read_text(encoding="utf-8")
        text = _CSS_COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
        for found in _CSS_URL.finditer(text):
            self.references += 1
            line = text.count("\n", 0, found.start()) + 1
            self._check_reference(name, Reference(line, "css", found["url"], loads=True))


def check(site: Path, address: str = "") -> list[Problem]:
    """Return everything that is wrong with a built site."""
    return SiteCheck(site, address).run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a site from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.check_site", description="Check the built site."
    )
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "site")
    parser.add_argument("--address", default="", help="where the site will be served")
    options = parser.parse_args(arguments)
    run = SiteCheck(options.site.resolve(), options.address)
    problems = run.run()
    for problem in problems:
        print(problem)
    print(f"{len(run.pages)} pages, {run.references} references, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
