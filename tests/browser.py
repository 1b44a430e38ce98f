"""A real Chromium for the tests that look at a page, driven by Playwright.

Imports the harness only. It is the one that `CHROMIUM` names, or the first on the PATH.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Run before a page, it notes when each socket is opened, and the address that it is given.
RECORD_SOCKETS = """
  window.opened = [];
  window.addresses = [];
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      opened.push(performance.now());
      addresses.push(given[0]);
    }
  };
"""
NAMES = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str:
    """Return the browser to start; without one, fail in CI and skip loudly elsewhere."""
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    reason = f"no {named or 'Chromium'}: install one, or let CHROMIUM name it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(f"NOT TESTED, {reason}")


@contextlib.contextmanager
def chromium(names: str = "") -> Iterator[Browser]:
    """Run a headless Chromium, with a profile of its own, for the length of the block.

    It finds no host but this machine, which has `names` too (a pattern such as `*.sites.test`).
    """
    path = executable()
    found = f"MAP {names} 127.0.0.1 , " if names else ""
    rules = f"--host-resolver-rules={found}MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, rules])
        try:
            yield browser
        finally:
            browser.close()


def chat_page(browser: Browser, url: str, username: str, password: str) -> Page:
    """Log in to the chat in a browser context of its own; return the page when it is live."""
    page = browser.new_context(base_url=url).new_page()
    page.goto("/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("status")).to_have_text("Live")
    return page


def say(page: Page, text: str) -> None:
    """Send a message from the chat page."""
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name="Send").click()
