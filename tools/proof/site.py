"""Site: open each page of the built site in Chromium, wide and narrow.

Console errors, exceptions, failed requests and requests to another host are printed. It serves
`site/`, which `nox -s docs` builds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Response

from tests.browser import chromium
from tools.proof.records import ROOT

WIDTHS = (1280, 360)
HEIGHT = 800


class Quiet(SimpleHTTPRequestHandler):
    """Serve files, and print nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder, and give its address."""
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def main(folder: Path = ROOT / "site") -> int:
    """Look at every page."""
    pages = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    if not pages:
        print(f"there is no page in {folder}: build the site first (nox -s docs)")
        return 2
    with serving(folder) as url, chromium() as browser:
        found = [
            f"{page} at {width} px: {fault}"
            for page in pages
            for width in WIDTHS
            for fault in faults(browser, f"{url}/{page}", width)
        ]
    print("\n".join(found) or f"{len(pages)} pages, wide and narrow: nothing to report")
    return 1 if found else 0


def faults(browser: Browser, url: str, width: int) -> list[str]:
    """Return what goes wrong on a page."""
    found: list[str] = []

    def see_response(response: Response) -> None:
        if response.status >= 400:
            found.append(f"{response.status}: {response.url}")

    def see_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            found.append(f"console: {message.text}")

    with browser.new_context(viewport={"width": width, "height": HEIGHT}) as context:
        page = context.new_page()
        page.on("console", see_message)
        page.on("pageerror", lambda error: found.append(str(error)))
        page.on("requestfailed", lambda request: found.append(f"failed: {request.url}"))
        page.on("response", see_response)
        page.goto(url, wait_until="networkidle")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("the page is wider than the window")
    return found
