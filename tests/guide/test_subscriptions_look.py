"""Step 6 of docs/guide/subscriptions.md: what the styles make of both pages of the chat.

`look.json` holds, for each element, the properties that the style sheet changes, as Chromium
computes them. When the styles are meant to change, remove it: the next run writes it anew.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.guide.support import read

RECORDED = Path(__file__).with_name("look.json")
STATES = ("waiting", "live", "refused", "failed")
#: What a page gets when it runs: of the form of Django, and of the script.
FORM = """
<p><label>Username</label><input></p><ul class="errorlist"><li>Wrong.</li></ul>
"""
MESSAGES = """
<li class="mine"><b>ada</b> <time>12:00</time><p>Hello!</p></li><li><p>Hello!</p></li>
"""
#: Whatever the style sheet sets, but what depends on the fonts of the machine.
PROPERTIES = (
    *("color-scheme", "box-sizing", "display", "flex-direction", "flex-wrap", "flex-grow"),
    *("flex-shrink", "flex-basis", "align-items", "align-self", "row-gap", "column-gap"),
    *("max-width", "min-width", "min-height", "margin-top", "margin-left", "padding-top"),
    *("padding-left", "background-color", "color", "font-family", "font-size", "line-height"),
    *("border-top-width", "border-top-style", "border-top-color", "border-top-left-radius"),
    *("overflow-y", "overflow-wrap", "list-style-type", "content", "cursor", "outline-style"),
    *("outline-color", "outline-width", "outline-offset"),
)
STYLES = """
([properties, selectors]) => {
  const read = (element, pseudo) => {
    const style = getComputedStyle(element, pseudo);
    // How wide the text of a pseudo-element is, and so what is left of it, depends on the font.
    const stable = properties.filter((name) => !pseudo || name !== "margin-left");
    return Object.fromEntries(stable.map((name) => [name, style.getPropertyValue(name)]));
  };
  document.querySelector("input").focus();
  const found = {};
  for (const selector of selectors) {
    const [name, pseudo] = selector.split("::");
    document.querySelectorAll(name).forEach((element, number) => {
      found[`${selector} ${number}`] = read(element, pseudo && `::${pseudo}`);
    });
  }
  const { width, height, x } = document.body.getBoundingClientRect();
  const list = document.querySelector("#messages");
  const filled = list && list.clientHeight > list.parentElement.clientHeight - 3;
  found.body = { width, height, x, filled };
  return found;
}
"""
ROOM = (
    *("html", "body", "header", "h1", "#status", "main", "#messages", "#messages::before"),
    *("li", "#messages p", "b", "time", "#send", "label", "input", "button"),
)
LOGIN = ("body", "main", "h1", "#login", "#login p", "label", "input", ".errorlist", "button")


def html(name: str, form: str = "") -> str:
    """Return a template with nothing of Django's in it."""
    text = read(f"chat/chat/templates/chat/{name}.html").replace("{{ form.as_p }}", form)
    return re.sub(
        r"\{%.*?%\}|\{\{.*?\}\}|<link rel=\"stylesheet\".*?>|<script.*?</script>", "", text
    )


def changed(browser: Browser, content: str, selectors: tuple[str, ...], scheme: Any) -> Any:
    """Return what the style sheet changes of a page."""
    page = browser.new_page(viewport={"width": 1000, "height": 700}, color_scheme=scheme)
    page.set_content(content)
    before = page.evaluate(STYLES, [PROPERTIES, selectors])
    page.add_style_tag(content=read("chat/chat/static/chat/chat.css"))
    after = page.evaluate(STYLES, [PROPERTIES, selectors])
    page.close()
    return {
        element: {name: value for name, value in its.items() if value != before[element].get(name)}
        for element, its in after.items()
    }


def look(browser: Browser) -> dict[str, Any]:
    """Return what the style sheet makes of both pages."""
    states = "".join(f'<p id="status" data-state="{state}"></p>' for state in STATES)
    lists = f'{MESSAGES}</ol><ol id="messages"></ol>'
    room = html("room").replace("</ol>", lists).replace("</header>", f"{states}</header>")
    login = html("login", FORM)
    return {
        "room, light": changed(browser, room, ROOM, "light"),
        "room, dark": changed(browser, room, ROOM, "dark"),
        "login, light": changed(browser, login, LOGIN, "light"),
    }


def test_the_pages_look_as_they_did(browser: Browser) -> None:
    found = look(browser)
    if not RECORDED.exists():
        RECORDED.write_text(f"{json.dumps(found, indent=1, sort_keys=True)}\n", encoding="utf-8")
        pytest.fail(f"{RECORDED.name} is written anew: look at it, and at the page")
    assert found == json.loads(RECORDED.read_text(encoding="utf-8"))
