"""Planted faults: a page with a block less, or with another line, leaves its reader stuck.

And so does a package index that has another wheel than ours. Each is stuck for its own reason.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.reader.alternatives import CLIENTS, GUIDE, TESTING, TUTORIAL
from tests.reader.conftest import OpenTerminal
from tools.reader import page
from tools.reader.terminal import StuckError, Terminal
from tools.reader.walk import Reader

pytestmark = pytest.mark.timeout(600)

BLOCK = re.compile(r'<div class="language-[^"]*highlight".*?</pre></div>', re.DOTALL)
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
        (
            *("(part)INSTALLED_APPS", "", ""),
            r"(?s)Try it: text 'Output'.*--- came.*Starting development server",
        ),
        ("def ping", "", "", r"(?s)Try it: bash.*No module named 'myproject\.schema'"),
        (
            *("django_application=django_asgi_app,\n)\n", "", ""),
            r"(?s)Try it: bash.*realtime\.E003.*serves no WebSocket",
        ),
        ("def ping", "pong", "ping", r"(?s)Try it: json 'Answer'.*--- came.*\"ping\": \"ping\""),
    ],
)
def test_a_fault_in_the_configuration_leaves_the_reader_stuck(
    site: Path, tmp_path: Path, prepared: Terminal, has: str, old: str, new: str, stuck: str
) -> None:
    markup = changed(site / GUIDE, has, old, new)
    setting_up = prepared.elsewhere(tmp_path)
    setting_up.run("django-admin startproject myproject .")
    with pytest.raises(StuckError, match=stuck):
        follow(markup, tmp_path, prepared, "Configuration")


@pytest.mark.parametrize(
    ("has", "old", "new", "stuck"),
    [
        ("pip install strawberry-django-channels", "", "", "django-admin: not found"),
        ("python -m venv", "activate", "deactivate", ".venv/bin/deactivate"),
        ("django-admin startproject", "", "", "not understood, and no block shows what it is"),
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


@pytest.fixture(scope="module")
def chat(site: Path, tmp_path_factory: pytest.TempPathFactory, prepared: Terminal) -> Path:
    """The project that the page about testing tests."""
    folder = tmp_path_factory.mktemp("chat") / "project"
    folder.mkdir()
    setting_up = prepared.elsewhere(folder)
    setting_up.run("django-admin startproject myproject .")
    markup = (site / TUTORIAL).read_text(encoding="utf-8")
    follow(markup, folder, prepared, "2. Settings and routing", "4. A broadcast")
    return folder


def test_a_fault_in_the_tests_leaves_the_reader_stuck(
    site: Path, tmp_path: Path, prepared: Terminal, chat: Path
) -> None:
    markup = changed(site / TESTING, "def client_of_ada")
    folder = shutil.copytree(chat, tmp_path / "project")
    with pytest.raises(StuckError, match=r"(?s)Run them: bash.*fixture 'client_of_ada' not found"):
        follow(markup, folder, prepared, "Testing")


def test_a_fault_in_a_client_leaves_the_reader_stuck(
    site: Path, tmp_path: Path, prepared: Terminal
) -> None:
    markup = changed(site / CLIENTS, "async def ask")
    with pytest.raises(
        StuckError, match=r"(?s)gql: python 'chat_client\.py \(at the.*No such file"
    ):
        follow(markup, tmp_path, prepared, "gql")


def another_wheel(wheels: Path, folder: Path, *, version: str = "") -> Path:
    """Make our wheel with a line more in it, or under another version, and return its folder."""
    (built,) = wheels.glob("*.whl")
    before = built.name.split("-")[1]
    after = version or before
    with zipfile.ZipFile(built) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    if version:
        metadata = f"strawberry_django_channels-{before}.dist-info/METADATA"
        old = f"Version: {before}\n".encode()
        assert old in files[metadata]
        files[metadata] = files[metadata].replace(old, f"Version: {after}\n".encode())
    else:
        files["strawberry_django/routers/__init__.py"] += b"\n"
    record = f"strawberry_django_channels-{before}.dist-info/RECORD"
    del files[record]
    rows = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        rows.append(f"{name},sha256={digest},{len(content)}")
    files[record] = "\n".join([*rows, f"{record},,\n"]).encode()
    folder.mkdir()
    with zipfile.ZipFile(folder / built.name.replace(before, after), "w") as archive:
        for name, content in files.items():
            text = content.replace(f"-{before}.dist-info".encode(), f"-{after}.dist-info".encode())
            archive.writestr(
                name.replace(f"-{before}.dist-info", f"-{after}.dist-info"),
                text if name == record else content,
            )
    return folder


@pytest.mark.parametrize(
    ("version", "other"),
    [("", "strawberry_django/routers/__init__.py"), ("99.0", "dist-info/METADATA")],
)
def test_another_wheel_than_ours_leaves_the_reader_stuck(
    site: Path,
    tmp_path: Path,
    wheels: Path,
    open_terminal: OpenTerminal,
    version: str,
    other: str,
) -> None:
    index = str(another_wheel(wheels, tmp_path / "index", version=version))
    terminal = open_terminal(tmp_path, hurried=True, PIP_FIND_LINKS=index, UV_FIND_LINKS=index)
    markup = (site / TUTORIAL).read_text(encoding="utf-8")
    stuck = rf"1\. A project: bash ''\nnot installed as they are in .*{re.escape(other)}"
    with pytest.raises(StuckError, match=stuck):
        follow(markup, terminal.cwd, terminal, "1. A project")
