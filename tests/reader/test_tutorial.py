"""The tutorial as it was built, followed by somebody who has nothing else; then its tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chat_page, chromium, say
from tests.clients import node
from tests.reader.conftest import OpenTerminal
from tools.harness.redis import RedisServer
from tools.reader import page
from tools.reader.walk import Reader

#: What the page asks of whoever has a bundler: to use it.
BUNDLE = (
    "npm install esbuild\n"
    "npx esbuild src/chat.js --bundle --format=esm --outfile=chat/static/chat/bundled.js"
)
LISTEN = """
async () => {
  window.heard = [];
  const { listen } = await import("/static/chat/bundled.js");
  listen("lobby", ({ text }) => heard.push(text));
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def two_people_talk(browser: Browser, reader: Reader, ada_at: str, grace_at: str) -> None:
    """Let ada and grace meet in the lobby, each at a port that the page shows."""
    at = {port: f"http://127.0.0.1:{reader.terminal.ports[port]}" for port in (ada_at, grace_at)}
    ada = chat_page(browser, at[ada_at], "ada", reader.passwords["ada"])
    grace = chat_page(browser, at[grace_at], "grace", reader.passwords["grace"])
    for speaker, listener, text in (
        (ada, grace, f"Good morning from {ada_at}"),
        (grace, ada, f"Good evening from {grace_at}"),
    ):
        say(speaker, text)
        for window in (speaker, listener):
            expect(window.get_by_role("log")).to_contain_text(text)
    for window in (ada, grace):
        window.context.close()


def the_bundle_listens(browser: Browser, reader: Reader) -> None:
    """Bundle what the page shows, and let it listen to what ada says."""
    reader.terminal.run(BUNDLE)
    url = f"http://127.0.0.1:{reader.terminal.ports['8000']}"
    ada = chat_page(browser, url, "ada", reader.passwords["ada"])
    ada.evaluate(LISTEN)
    for text in ("Good afternoon", "Good night"):  # The first may come from before.
        say(ada, text)
        ada.wait_for_function(f"heard.at(-1) === '{text}'")
    ada.context.close()


@pytest.mark.timeout(900)
def test_a_reader_of_the_built_tutorial_ends_with_a_chat_for_two(
    site: Path, tmp_path: Path, open_terminal: OpenTerminal, redis: RedisServer, browser: Browser
) -> None:
    node.command("npm")
    items = page.read(site / "guide/subscriptions/index.html")
    chapters = list(dict.fromkeys(item.headings[1] for item in items if len(item.headings) > 1))
    assert chapters[0] == "1. A project"
    assert chapters[-2:] == ["7. More than one process", "8. What next"]
    reader = Reader(open_terminal(tmp_path, REDIS_URL=redis.url), choices=())
    for chapter in chapters:
        told = page.section(items, chapter)
        reader.follow(told)
        if chapter == "6. The page":
            prose = next(one.text for one in told if "Open a private window" in one.text)
            assert f"with the password {reader.passwords['grace']}." in prose
            two_people_talk(browser, reader, "8000", "8000")
            the_bundle_listens(browser, reader)
    two_people_talk(browser, reader, "8001", "8002")
    blocks = [one for one in items if one.kind != "prose"]
    assert reader.done == blocks
    tests = page.read(site / "guide/testing/index.html")
    reader.follow(tests)
    assert " passed" in reader.terminal.output
    assert reader.done == blocks + [one for one in tests if one.kind != "prose"]
