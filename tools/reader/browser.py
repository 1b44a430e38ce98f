"""A browser: it reads the blocks of a built page, and people talk in it.

Of a page only what is visible counts: headings, tabs, the title over a block and its text.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, expect, sync_playwright

_NAMES = (os.environ.get("CHROMIUM") or "chromium", "chromium-browser", "google-chrome")
_FLAGS = ["--no-sandbox"]
_BLOCKS = """() => {
  let heading = "", blocks = [];
  for (const one of document.querySelectorAll("article :is(h1, h2, h3, h4, h5, h6, div.highlight)"))
    if (one.matches("div.highlight")) blocks.push([
      one.querySelector(".filename")?.textContent ?? "",
      one.querySelector("pre").textContent,
      heading, one.closest(".tabbed-block:not(:first-child)") === null,
    ]);
    else heading = one.textContent.replace("¶", "").trim();
  return blocks;
}"""


class Block(NamedTuple):
    """A block of code, and the heading under which it stands."""

    title: str
    text: str
    heading: str
    in_first_tab: bool = True


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run a headless Chromium, the one that ``CHROMIUM`` names or the first on the PATH."""
    path = next(filter(None, map(shutil.which, _NAMES)))
    with sync_playwright() as it, it.chromium.launch(executable_path=path, args=_FLAGS) as browser:
        yield browser


def blocks(browser: Browser, path: Path) -> list[Block]:
    """Return the blocks of a built page, in their order."""
    page = browser.new_page()
    page.set_content(path.read_text(encoding="utf-8"), wait_until="domcontentloaded")
    return [Block(*one) for one in page.evaluate(_BLOCKS)]


def talk(browser: Browser, people: Mapping[str, str], passwords: Mapping[str, str]) -> None:
    """Let each of these people, at an address of the chat, say something that all of them see."""
    rooms = {name: browser.new_context(base_url=url).new_page() for name, url in people.items()}
    for name, room in rooms.items():
        room.goto("/")
        room.get_by_label("Username").fill(name)
        room.get_by_label("Password").fill(passwords[name])
        room.get_by_role("button", name="Log in").click()
        expect(room.get_by_role("status")).to_have_text("Live")
    for name, room in rooms.items():
        text = f"Good morning from {name} at {people[name]}"
        room.get_by_label("Message", exact=True).fill(text)
        room.get_by_role("button", name="Send").click()
        for other in rooms.values():
            expect(other.get_by_role("log")).to_contain_text(text)
