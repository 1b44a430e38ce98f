"""The checks as a project meets them: `manage.py check`, in a process of its own.

The faults that the guide names are planted in `tests/guide/test_channels_troubleshooting.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.apps import AppConfig, apps
from django.core import checks
from django.test import override_settings

import strawberry_django
from strawberry_django.realtime.checks import CATALOGUE, check_project
from tests.faults import numbers
from tools.harness.projects import Project, build

Plant = Callable[[Project], None]

ID = re.compile(r"\(strawberry_django_realtime\.([EW]\d{3})\)")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The guide's project after its first page, in which the checks find nothing."""
    return build(tmp_path / "project", "settings", "asgi_routing")


def edit(file: str, old: str, new: str) -> Plant:
    """Return what replaces ``old`` by ``new`` in a file of a project."""

    def plant(project: Project) -> None:
        path = project.path / "myproject" / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return plant


def add(file: str, text: str) -> Plant:
    """Return what adds ``text`` to the end of a file of a project."""

    def plant(project: Project) -> None:
        with (project.path / "myproject" / file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    return plant


def vendor_their_routers(project: Project) -> None:
    """Put a copy of strawberry-graphql-django's own `routers` first on the package's path."""
    [routers] = (
        file for path in strawberry_django.__path__ if (file := Path(path, "routers.py")).is_file()
    )
    folder = project.path / "vendored"
    folder.mkdir()
    (folder / "routers.py").write_bytes(routers.read_bytes())
    text = f"\nimport strawberry_django\nstrawberry_django.__path__.insert(0, {str(folder)!r})\n"
    add("settings.py", text)(project)


SCHEMA_FIRST = edit("asgi.py", "import os\n", "import os\nfrom myproject.schema import schema\n")
A_MODEL = add("schema.py", "\nfrom django.contrib.auth.models import User\n")


def test_routers_that_are_not_ours_are_found(project: Project) -> None:
    vendor_their_routers(project)
    done = project.python("manage.py", "check")
    assert done.returncode == 1
    assert ID.findall(done.stderr) == ["E010"], done.stderr
    assert "vendored/routers.py, which is not part of" in done.stderr
    [fault] = (fault for fault in CATALOGUE if fault.number == "E010")
    assert f"HINT: {fault.fix}" in done.stderr
    assert f"Guide: {fault.docs}" in done.stderr


def test_the_schema_of_a_planted_fault_fails_in_a_fresh_process(project: Project) -> None:
    """What E004 says of a server is so, though `manage.py` itself imports the module well."""
    SCHEMA_FIRST(project)
    A_MODEL(project)
    env = {"DJANGO_SETTINGS_MODULE": project.settings_module}
    done = project.python("-c", "import myproject.asgi", env=env)
    assert done.stderr.rstrip().endswith("AppRegistryNotReady: Apps aren't loaded yet.")
    shell = project.python("manage.py", "shell", "-c", "import myproject.asgi")
    assert shell.returncode == 0, shell.stderr


def test_runserver_does_not_start_with_a_fault(project: Project) -> None:
    edit("asgi.py", "myproject.schema", "myproject.shema")(project)
    done = project.python("manage.py", "runserver", "--noreload", "0")
    assert done.returncode == 1
    assert "ModuleNotFoundError: No module named 'myproject.shema'" in done.stderr
    assert ID.findall(done.stderr) == ["E002"]


def test_a_check_can_be_silenced(project: Project) -> None:
    edit("settings.py", '    "daphne",\n', "")(project)
    add("settings.py", '\nSILENCED_SYSTEM_CHECKS = ["strawberry_django_realtime.W001"]\n')(project)
    assert "no issues (1 silenced)" in project.manage("check").stdout


def test_the_chat_is_clean(tmp_path: Path) -> None:
    project = build(tmp_path, "settings", "asgi_routing", "chat")
    assert "no issues" in project.manage("check").stdout


def test_the_checks_have_a_tag_of_their_own() -> None:
    with override_settings(ASGI_APPLICATION=None):
        found = checks.run_checks(tags=["strawberry_django_realtime"])
    assert numbers(found) == ["E001"]


@pytest.mark.parametrize("name", ["django.contrib.auth", "tests"])
def test_a_choice_of_other_apps_leaves_the_checks_out(name: str) -> None:
    own = apps.get_app_config("strawberry_django_realtime")
    other = AppConfig.create(name)
    with override_settings(ASGI_APPLICATION=None):
        assert check_project(app_configs=[other]) == []
        assert numbers(check_project(app_configs=[other, own])) == ["E001"]
