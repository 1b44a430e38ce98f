"""Planted faults: on a page that lacks a step, or shows what is not so, the reader gets stuck."""

from __future__ import annotations

import html
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tools.reader.browser import blocks, chromium
from tools.reader.follow import Reader
from tools.reader.terminal import StuckError, Terminal, merge

Step = tuple[str, str]
Follow = Callable[..., None]

PROJECT = ("Terminal", "python -m django startproject myproject .")
MIGRATE = ("Terminal", "python manage.py migrate")
USER = (
    "Terminal",
    """DJANGO_SUPERUSER_PASSWORD=analytical-engine python manage.py createsuperuser \\
      --noinput --username ada --email ada@example.com""",
)
SCHEMA = ("schema.py", "import strawberry\n\nstrawberry.Schema")
IMPORT = ("Terminal", "python schema.py")
PING = ("Terminal", """echo '{"data": {"ping": "pong"}}'""")
PONG = ("Answer", '{"data": {"ping": "pong"}}')
SERVER = ("Terminal (leave it running)", "python -m http.server 8000")
FRAMES = ("Frames", '→ {"type": "connection_init"}')


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    home = tmp_path / "home"
    home.mkdir()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    opened = Terminal(home, {"PATH": path}, tmp_path / "state")
    yield opened
    opened.close()


def built(*steps: Step) -> str:
    """Return blocks as MkDocs builds them."""
    return "".join(
        f'<div class="highlight"><span class="filename">{title}</span>'
        f"<pre><span></span><code>{html.escape(text, quote=False)}\n</code></pre></div>"
        for title, text in steps
    )


def tabbed(*steps: Step) -> str:
    """Return blocks that stand in tabs beside each other."""
    tabs = "".join(f'<div class="tabbed-block">{built(step)}</div>' for step in steps)
    return f'<div class="tabbed-set"><div class="tabbed-content">{tabs}</div></div>'


@pytest.fixture
def follow(browser: Browser, terminal: Terminal, tmp_path: Path) -> Follow:
    """Follow a small page."""

    def follow_page(*parts: str | Step) -> None:
        html = "".join(one if isinstance(one, str) else built(one) for one in parts)
        page = tmp_path / "index.html"
        page.write_text(f"<article><h2>Try it</h2>{html}</article>", encoding="utf-8")
        Reader("guide/small", terminal).follow(blocks(browser, page))

    return follow_page


def test_a_page_that_has_every_step_leads_to_its_end(follow: Follow, terminal: Terminal) -> None:
    follow(PROJECT, MIGRATE, USER, SCHEMA, IMPORT, PING, PONG)
    assert terminal.passwords == {"ada": "analytical-engine"}


@pytest.mark.parametrize(
    ("steps", "title", "says"),
    [
        ([PROJECT, USER], "Terminal", "no such table: auth_user"),
        ([("schema.py", "strawberry.Schema"), IMPORT], "Terminal", "NameError: name 'strawberry'"),
        ([IMPORT], "Terminal", "can't open file"),
        ([PING, ("Answer", '{"data": {"ping": "ping"}}')], "Answer", "and this came"),
        ([("Query", "{ ping }"), PONG], "Answer", "no server runs here"),
        ([("settings.py (part)", "A = 1")], "settings.py (part)", "No such file"),
        ([("settings.py (at the end)", "A = 1")], "settings.py (at the end)", "No such file"),
        ([("Query", "{ me }"), ("Answer, logged in as eve", "{}")], "as eve", "no server runs"),
        ([SERVER, ("Answer, logged in as eve", "{}"), PONG], "as eve", "Expecting value"),
        ([("Type this", "ls")], "Type this", "does not know what to do with this title"),
        ([("", "ls")], "", "does not know what to do with this title"),
    ],
)
def test_a_page_that_lacks_a_step_or_shows_what_is_not_so_is_named_with_its_block(
    follow: Follow, steps: list[Step], title: str, says: str
) -> None:
    with pytest.raises(StuckError) as stuck:
        follow(*steps)
    place = rf"guide/small: under 'Try it', block '.*{re.escape(title)}' \(.+\):\n"
    assert re.match(place, str(stuck.value))
    assert says in str(stuck.value)


def test_a_server_must_be_started_again_after_a_change(follow: Follow) -> None:
    with pytest.raises(StuckError, match=r"at the end of 'Try it'(?s:.*)before files changed"):
        follow(SERVER, SCHEMA)
    follow(SERVER, SCHEMA, SERVER)


def test_a_server_that_is_stopped_does_not_answer(follow: Follow) -> None:
    with pytest.raises(StuckError, match=r"block 'Frames'(?s:.*)no server runs here"):
        follow(SERVER, ("Terminal (after Ctrl+C)", "true"), FRAMES)


def test_a_new_window_has_what_the_first_one_had(follow: Follow, terminal: Terminal) -> None:
    follow(("Terminal", "export A=1"), ("Terminal (new)", 'test -z "$A"'))
    with pytest.raises(StuckError, match="exit code 1"):
        follow(("Terminal", "export A=1"), ("Terminal", 'test -z "$A"'))


def test_the_first_tab_is_followed_and_answers_in_the_others_are_compared(follow: Follow) -> None:
    follow(tabbed(PING, ("Terminal", "false")), tabbed(PONG, PONG))
    with pytest.raises(StuckError, match="exit code 1"):
        follow(tabbed(("Terminal", "false"), PING))
    with pytest.raises(StuckError, match="and this came"):
        follow(PING, tabbed(PONG, ("Answer", "{}")))


def test_what_is_for_one_section_only_is_undone(follow: Follow, terminal: Terminal) -> None:
    only = ("a.py (part, in this section only)", "A = 2")
    follow(("a.py", "A = 1\n"), only, ("Terminal", "grep 2 a.py"), "<h3>Next</h3>")
    assert (terminal.cwd / "a.py").read_text() == "A = 1\n\n"


def test_a_part_takes_the_place_of_what_has_its_names() -> None:
    before = "import os\n\nA = 1\n\n\ndef f():\n    return A\n"
    part = "import re\n\nA = [\n    2,\n]\n\nB = re"
    after = "import os\nimport re\n\nA = [\n    2,\n]\n\n\ndef f():\n    return A\nB = re\n"
    assert merge(before, part) == after
