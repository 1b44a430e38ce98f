"""The tutorial as it was built, followed by somebody who has nothing else; then its tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chat_page, chromium, say
from tests.live.clients import node
from tests.reader.alternatives import TESTING, TUTORIAL
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


def two_people_talk(browser: Browser, reader: Reader, people: dict[str, str]) -> None:
    """Let two people meet in the lobby, each at a port that the page shows."""
    windows = [
        chat_page(
            browser,
            f"http://127.0.0.1:{reader.terminal.ports[port]}",
            name,
            reader.passwords[name],
        )
        for name, port in people.items()
    ]
    for speaker, (name, port) in zip(windows, people.items(), strict=True):
        text = f"Good morning from {name} at {port}"
        say(speaker, text)
        for window in windows:
            expect(window.get_by_role("log")).to_contain_text(text)
    for window in windows:
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
    items = page.read(site / TUTORIAL)
    chapters = list(dict.fromkeys(item.headings[1] for item in items if len(item.headings) > 1))
    assert chapters[0] == "1. A project"
    assert chapters[-2:] == ["7. More than one process", "8. What next"]
    reader = Reader(open_terminal(tmp_path, REDIS_URL=redis.url), choices=())
    for chapter in chapters:
        told = page.section(items, chapter)
        reader.follow(told)
        if chapter == "6. The page":
            two = reader.turns.take("two people")
            assert two is not None
            assert reader.passwords[two["other"]] == two["password"]
            two_people_talk(browser, reader, {two["one"]: "8000", two["other"]: "8000"})
            the_bundle_listens(browser, reader)
    reader.finish()
    two_people_talk(browser, reader, {"ada": "8001", "grace": "8002"})
    assert reader.done == [one for one in items if one.kind != "prose"]
    reader.done.clear()
    tests = page.read(site / TESTING)
    reader.follow(tests)
    reader.finish()
    assert " passed" in reader.terminal.output
    assert reader.done == [one for one in tests if one.kind != "prose"]
