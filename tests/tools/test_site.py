"""The site of this project, built with a repository's address and seen in a browser."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser import chromium
from tools.check_site import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "https://git.example.com/ada/guide"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Keep requests out of the test's output."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "REPO_URL": REPOSITORY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def pages(site: Path) -> list[str]:
    found = (path.parent.relative_to(site).as_posix() for path in site.rglob("index.html"))
    return sorted("" if name == "." else f"{name}/" for name in found)


def test_it_has_no_faults(site: Path) -> None:
    assert check(site) == []


def test_edit_links_lead_to_the_repository_and_ask_it_nothing(site: Path) -> None:
    html = (site / "integrations/channels/index.html").read_text()
    assert f'href="{REPOSITORY}/edit/main/docs/integrations/channels.md"' in html
    assert f'<a href="{REPOSITORY}"' in html
    assert 'data-md-component="source"' not in html


def test_on_a_telephone_nothing_fails_is_too_wide_or_leaves_the_host(
    site: Path, address: str, browser: Browser
) -> None:
    page = browser.new_page(viewport={"width": 400, "height": 800})
    hosts: set[str] = set()
    complaints: list[str] = []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    for name in pages(site):
        page.goto(address + name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, name
    assert hosts - {""} == {urlsplit(address).netloc}
    assert complaints == []
    page.close()


@pytest.mark.parametrize(("system", "scheme"), [("light", "default"), ("dark", "slate")])
def test_the_reader_may_choose_light_or_dark(
    address: str, browser: Browser, system: Literal["light", "dark"], scheme: str
) -> None:
    page = browser.new_page(color_scheme=system)
    page.goto(address)
    body = page.locator("body")
    expect(body).to_have_attribute("data-md-color-scheme", scheme)
    page.locator("label[for^=__palette]:visible").click()
    other = {"default": "slate", "slate": "default"}[scheme]
    expect(body).to_have_attribute("data-md-color-scheme", other)
    page.close()


def test_what_is_copied_has_no_markers(address: str, browser: Browser) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}integrations/channels/")
    block = page.locator('[data-snippet="settings/myproject/settings.py:installed_apps"]').first
    expect(block.locator(".hll")).to_have_count(4)
    block.hover()
    block.locator(".md-code__button").first.click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).length > 0")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == (block.locator("code").text_content() or "").strip()
    assert copied.startswith('INSTALLED_APPS = [\n    "daphne",\n')
    assert "hl" not in copied
    assert "8<" not in copied
    context.close()


def test_it_can_be_searched(address: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(address, wait_until="networkidle")  # The index is there, which it is typed for.
    page.locator("input[data-md-component=search-query]").fill("ALLOWED_HOSTS")
    results = page.locator(".md-search-result__item")
    results.first.wait_for()
    assert results.count() > 0
    page.close()
