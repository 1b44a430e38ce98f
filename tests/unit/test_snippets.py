from __future__ import annotations

from pathlib import Path

import pytest

from strawberry_django.realtime import snippets
from strawberry_django.realtime.snippets import Snippet, SnippetError
from tools.harness import projects

ASGI = "asgi_routing/myproject/asgi.py"

SOURCE = """\
# What the file is for.

class Inner:
    # --8<-- [start:inner]
    second = 2  # (hl)
    # --8<-- [end:inner]
"""


@pytest.fixture
def snippet(tmp_path: Path) -> Snippet:
    file = tmp_path / "example.py"
    file.write_text(SOURCE)
    return Snippet("subject", "myproject/example.py", file)


def test_a_section_is_dedented(snippet: Snippet) -> None:
    assert snippet.section("inner") == "second = 2\n"


def test_a_section_that_is_not_there_is_told_its_neighbour(snippet: Snippet) -> None:
    with pytest.raises(SnippetError, match=r"no section .*#iner'\. Nearest: .*#inner"):
        snippet.section("iner")


@pytest.mark.parametrize(
    ("text", "description"),
    [
        (SOURCE, "What the file is for."),
        ('#!/usr/bin/env python\n"""Run it."""\n', "Run it."),
        ("/**\n * The chat page.\n */\n", "The chat page."),
        ("* { margin: 0 }\n", ""),
        ("// The chat page.\nlet a;\n", "The chat page."),
        ("<!-- The room. -->\n<p>\n", "The room."),
        ("{# The room. #}\n", "The room."),
        ("# Ask who is there.\nquery { me }\n", "Ask who is there."),
        ("\nDEBUG = True\n", ""),
        ("", ""),
    ],
)
def test_the_description_is_the_first_line_of_the_docstring(
    tmp_path: Path, text: str, description: str
) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    assert Snippet("subject", "file", file).description == description


def test_the_snippets_are_those_of_the_guide() -> None:
    assert {"asgi_routing", "chat", "project", "settings"} <= set(snippets.subjects())
    assert sorted(snippets.subjects()) == snippets.subjects()
    [shown] = snippets.find(ASGI)
    assert shown.source == (projects.SNIPPETS / ASGI).read_text(encoding="utf-8")
    assert shown.text == projects.as_copied(projects.SNIPPETS / ASGI).decode()


def test_every_snippet_of_the_checkout_is_found() -> None:
    found = {each.name for each in snippets.snippets()}
    files = (path for path in projects.SNIPPETS.rglob("*") if path.is_file())
    assert found == {
        path.relative_to(projects.SNIPPETS).as_posix()
        for path in files
        if "__pycache__" not in path.parts
    }


def test_a_subject_stands_for_its_snippets() -> None:
    found = snippets.find("asgi_routing/")
    assert {each.subject for each in found} == {"asgi_routing"}
    assert snippets.snippets("asgi_routing") == found


@pytest.mark.parametrize("name", ["asgi_routin", "asgi_routing/asgi.py"])
def test_a_name_that_is_unknown_is_told_its_neighbours(name: str) -> None:
    with pytest.raises(
        SnippetError, match=rf"There is no snippet '{name}'\. Nearest: asgi_routing"
    ):
        snippets.find(name)


@pytest.mark.parametrize("subject", ["asgi_routing", "custom_routing"])
def test_reading_needs_one_file(subject: str) -> None:
    count = len(snippets.find(subject))
    with pytest.raises(SnippetError, match=rf"{subject} has {count} snippets; name one: {subject}"):
        snippets.read(subject)


def test_a_section_is_read_by_its_name() -> None:
    text = snippets.read("settings/myproject/settings.py#asgi_application")
    assert 'ASGI_APPLICATION = "myproject.asgi.application"\n' in text
    assert "DEBUG" not in text
    assert snippets.read(ASGI).startswith('"""')


def test_a_subject_is_copied_as_the_harness_builds_it(tmp_path: Path) -> None:
    written = snippets.copy("chat", tmp_path / "copied")
    projects.build(tmp_path / "built", "chat")
    assert written
    for path in written:
        relative = path.relative_to(tmp_path / "copied")
        assert relative.parts[0] not in {"recorded", "shell", "requests"}
        assert path.read_text() == (tmp_path / "built" / relative).read_text()


def test_a_snippet_is_copied_into_a_folder(tmp_path: Path) -> None:
    assert snippets.copy(ASGI, tmp_path) == [tmp_path / "myproject/asgi.py"]


def test_a_snippet_is_copied_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "mysite/asgi.py"
    assert snippets.copy(ASGI, target) == [target]
    assert target.read_text() == snippets.read(ASGI)


def test_nothing_is_written_when_a_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "myproject").mkdir()
    (tmp_path / "myproject/schema.py").write_text("mine")
    with pytest.raises(FileExistsError, match=r"already is: .*schema.py. Give --force"):
        snippets.copy("asgi_routing", tmp_path)
    assert [path.name for path in (tmp_path / "myproject").iterdir()] == ["schema.py"]
    assert (tmp_path / "myproject/schema.py").read_text() == "mine"


def test_a_file_is_written_over_when_told(tmp_path: Path) -> None:
    target = tmp_path / "asgi.py"
    target.write_text("mine")
    snippets.copy(ASGI, target, force=True)
    assert target.read_text() == snippets.read(ASGI)


def test_a_command_is_copied_when_it_is_named(tmp_path: Path) -> None:
    snippets.copy("installation/shell/pip.sh", tmp_path / "install.sh")
    assert "pip install" in (tmp_path / "install.sh").read_text()


@pytest.mark.parametrize("name", ["installation", "resolver_user/recorded/me.http.json"])
def test_what_belongs_in_no_project_is_not_copied(tmp_path: Path, name: str) -> None:
    with pytest.raises(SnippetError, match="has nothing that belongs in a project"):
        snippets.copy(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_installation_without_snippets_says_so(tmp_path: Path) -> None:
    with pytest.raises(SnippetError, match="The snippets are not there: expected"):
        snippets._first_folder(tmp_path / "a", tmp_path / "b")
