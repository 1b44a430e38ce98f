"""Planted faults: a page with a block less, or with another line, leaves its reader stuck."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from tests.reader.conftest import OpenTerminal
from tools.reader import page
from tools.reader.terminal import StuckError, Terminal
from tools.reader.walk import Reader

pytestmark = pytest.mark.timeout(600)

BLOCK = re.compile(r'<div class="language-[^"]*highlight".*?</pre></div>', re.DOTALL)
GUIDE = "integrations/channels/index.html"
TUTORIAL = "guide/subscriptions/index.html"
PROJECT = (
    "python -m venv .venv\n. .venv/bin/activate\npython -m pip install django\n"
    "django-admin startproject myproject .\n"
)


def words(markup: str) -> str:
    """Return what a reader sees of some HTML."""
    return html.unescape(re.sub(r"<[^>]+>", "", markup))


def changed(path: Path, has: str, old: str = "", new: str = "") -> str:
    """Return a page without the one block that ``has`` these words, or with another line in it."""
    text = path.read_text(encoding="utf-8")
    (block,) = {found for found in BLOCK.findall(text) if has in words(found)}
    if not old:
        return text.replace(block, "")
    assert old in block
    return text.replace(block, block.replace(old, new, 1))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, open_terminal: OpenTerminal) -> Terminal:
    """A terminal in an active environment that has what the pages install."""
    terminal = open_terminal(tmp_path_factory.mktemp("prepared"), hurried=True)
    terminal.run(PROJECT + "python -m pip install strawberry-django-channels channels daphne")
    return terminal


def follow(markup: str, folder: Path, terminal: Terminal, *headings: str) -> None:
    """Follow some chapters of a page in a folder."""
    copy = folder / "page.html"
    copy.write_text(markup, encoding="utf-8")
    reader = Reader(terminal.elsewhere(folder), choices=["pip"])
    try:
        reader.follow(page.section(page.read(copy), *headings))
    finally:
        reader.stop()


@pytest.mark.parametrize(
    ("has", "old", "new", "stuck"),
    [
        ("(part)INSTALLED_APPS", "", "", "text 'Output'"),
        ("def ping", "", "", "bash"),
        ("django_application=django_asgi_app,\n)\n", "", "", "bash"),
        ("def ping", "pong", "ping", "json 'Answer'"),
    ],
)
def test_a_fault_in_the_configuration_leaves_the_reader_stuck(
    site: Path, tmp_path: Path, prepared: Terminal, has: str, old: str, new: str, stuck: str
) -> None:
    markup = changed(site / GUIDE, has, old, new)
    setting_up = prepared.elsewhere(tmp_path)
    setting_up.run("django-admin startproject myproject .")
    with pytest.raises(StuckError, match=re.escape(stuck)):
        follow(markup, tmp_path, prepared, "Configuration")


@pytest.mark.parametrize(
    ("has", "old", "new", "stuck"),
    [
        ("pip install strawberry-django-channels", "", "", "django-admin: not found"),
        ("python -m venv", "activate", "deactivate", "1. A project: bash"),
        ("django-admin startproject", "", "", "No such file"),
        ('"daphne",', "settings.py (at the end)", "these settings", "does not say what to do"),
    ],
)
def test_a_fault_in_the_first_steps_leaves_the_reader_stuck(
    site: Path,
    tmp_path: Path,
    open_terminal: OpenTerminal,
    has: str,
    old: str,
    new: str,
    stuck: str,
) -> None:
    markup = changed(site / TUTORIAL, has, old, new)
    terminal = open_terminal(tmp_path, hurried=True)
    with pytest.raises(StuckError, match=re.escape(stuck)):
        follow(markup, terminal.cwd, terminal, "1. A project", "2. Settings and routing")


def test_a_fault_in_the_chat_leaves_the_reader_stuck(
    site: Path, tmp_path: Path, prepared: Terminal
) -> None:
    markup = changed(site / TUTORIAL, "InMemoryChannelLayer")
    setting_up = prepared.elsewhere(tmp_path)
    setting_up.run("django-admin startproject myproject .")
    chapters = ("2. Settings and routing", "4. A broadcast", "5. Who is speaking")
    with pytest.raises(StuckError, match=r"(?s)5\. Who is speaking: bash.*makemigrations chat"):
        follow(markup, tmp_path, prepared, *chapters)
