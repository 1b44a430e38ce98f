from __future__ import annotations

import json
from pathlib import Path

import pytest

from strawberry_django.realtime.snippets.markers import strip_markers
from tools.harness.projects import (
    SNIPPETS,
    Project,
    ProjectError,
    as_copied,
    build,
    kept_lines,
    project_files,
)


def test_subjects_lie_over_the_base_project(tmp_path: Path) -> None:
    project = build(tmp_path / "project", "settings", "asgi_routing")
    assert project.settings_module == "myproject.settings"
    assert (project.path / "manage.py").is_file()
    expected = as_copied(SNIPPETS / "asgi_routing/myproject/asgi.py")
    assert (project.path / "myproject/asgi.py").read_bytes() == expected


def test_the_project_is_one_that_django_can_check_and_migrate(project: Project) -> None:
    assert "no issues" in project.manage("check").stdout
    project.manage("migrate")
    project.create_user("ada", "analytical \"engine'", is_active=False)
    shown = project.manage(
        "shell",
        "-c",
        "from django.contrib.auth.models import User; ada = User.objects.get();"
        "print(ada.username, ada.is_active, ada.check_password('analytical \"engine\\''))",
    )
    assert shown.stdout.splitlines()[-1] == "ada False True"


def test_a_command_that_fails_shows_what_it_said(project: Project) -> None:
    with pytest.raises(ProjectError, match=r"(?s)manage.py chekc ended with code 1.*Unknown comm"):
        project.manage("chekc")


def test_an_unknown_subject_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no subject 'no_such_subject'"):
        build(tmp_path, "no_such_subject")


def test_markers_are_not_copied(tmp_path: Path) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(
        "# --8<-- [start:all]\nfirst = 1  # (hl)\n    # --8<-- [end:all]\nlast = 2  # (hle)"
    )
    assert as_copied(snippet) == b"first = 1\nlast = 2  # (hle)"
    assert kept_lines(snippet.read_text()) == [(2, "first = 1\n"), (4, "last = 2  # (hle)")]


@pytest.mark.parametrize(
    "line",
    ["<b> <!-- (hl) -->", "<b> // (hl)", "<b> /* (hl) */", "<b> # (hl)", "<b> {# (hl) #}"],
)
def test_highlights_are_removed_in_every_language(line: str) -> None:
    assert kept_lines(line) == [(1, "<b>")]


@pytest.mark.parametrize("subject", sorted(path.name for path in SNIPPETS.iterdir()))
def test_a_copy_is_the_one_that_the_library_makes(subject: str) -> None:
    for path in project_files(SNIPPETS / subject):
        text = path.read_text(encoding="utf-8")
        assert "".join(line for _, line in kept_lines(text)) == strip_markers(text), path


def test_a_binary_file_is_copied_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "icon").write_bytes(b"\xff\xfe--8<-- [start:all]\n")
    assert as_copied(tmp_path / "icon") == b"\xff\xfe--8<-- [start:all]\n"


def test_what_is_shown_but_does_not_belong_in_a_project_stays_out(tmp_path: Path) -> None:
    for name in ("shell/a.sh", "requests/a.json", "recorded/a.json", "myproject/requests/a.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({}))
    assert project_files(tmp_path) == [tmp_path / "myproject/requests/a.py"]
