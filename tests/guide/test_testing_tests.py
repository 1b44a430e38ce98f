"""docs/guide/testing.md: pytest runs its tests in the project of the chat, and they find faults."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.guide.support import environment, script
from tests.hints import evaluated
from tools import demo
from tools.harness import projects

TESTS = {
    "test_nobody_is_logged_in",
    "test_ada_is_logged_in",
    "test_who_speaks_is_logged_in",
    "test_what_ada_says_reaches_grace",
    "test_who_listens_is_logged_in",
}
MORE = {
    "test_ada_is_logged_in",
    "test_ada_is_logged_in_over_websocket",
    "test_it_connects_with_headers",
}
FAULTS = {
    "await new_messages.publish(message, room=room)": "pass",
    "return bool(info.context.request.user.is_authenticated)": "return True",
    "get_username() or None": "get_username()",
}
FOUND_WRONG = TESTS - {"test_ada_is_logged_in"}
EVERYBODY_IS_NOBODY = {"get_username() or None": "get_username()[:0] or None"}
HISTORY_OF_NOBODY = {
    "return newest[::-1]": "return [Message(**{**vars(one), 'author': 'nobody'}) for one in newest]"
}
EVENTS_OF_NOBODY = {
    "publish(message, room=room)": (
        "publish(Message(**{**vars(message), 'author': 'nobody'}), room=room)"
    )
}
ALONE = "def test_grace_alone(grace):\n    assert grace.username == 'grace'\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    """The chat with its tests, without a database of its own."""
    folder = tmp_path_factory.mktemp("testing") / "project"
    (demo.build(folder).path / "db.sqlite3").unlink()
    return projects.build(folder, *demo.SUBJECTS, "testing")


def test_the_command_runs_the_tests_and_they_pass(project: projects.Project) -> None:
    done = subprocess.run(
        ["sh", "-eu", "-c", script("testing/shell/pytest.sh", {})],
        cwd=project.path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert f"{len(TESTS) + len(MORE)} passed" in done.stdout
    assert "warning" not in done.stdout


def test_the_hints_are_imported(project: projects.Project) -> None:
    tests = [
        project.path / "tests" / f"{name}.py"
        for name in ("conftest", "test_case", "test_chat", "test_strawberry")
    ]
    source = "\n".join(map(evaluated, tests))
    project.manage("shell", "--no-imports", "-c", source)


def test_the_packages_are_those_that_the_tests_need() -> None:
    command = shlex.split(script("testing/shell/pip.sh", {}))
    assert command[:4] == ["python", "-m", "pip", "install"]
    assert command[4:] == ["pytest", "pytest-django", "pytest-asyncio"]
    assert all(map(version, command[4:]))


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        (FAULTS, FOUND_WRONG),
        (
            EVERYBODY_IS_NOBODY | EVENTS_OF_NOBODY,
            {"test_ada_is_logged_in", "test_what_ada_says_reaches_grace"},
        ),
        (HISTORY_OF_NOBODY, {"test_what_ada_says_reaches_grace"}),
    ],
    ids=["three", "nobody", "history"],
)
def test_the_tests_find_faults(
    project: projects.Project, tmp_path: Path, faults: dict[str, str], expected: set[str]
) -> None:
    broken = projects.Project(tmp_path / "project")
    shutil.copytree(project.path, broken.path)
    for other in ("case", "strawberry"):
        (broken.path / f"tests/test_{other}.py").unlink()
    (broken.path / "tests/test_alone.py").write_text(ALONE, encoding="utf-8")
    schema = broken.path / "myproject/schema.py"
    text = schema.read_text(encoding="utf-8")
    for right, wrong in faults.items():
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    schema.write_text(text, encoding="utf-8")
    wide = {"COLUMNS": "200"}  # Shorter lines have no place for an error's name.
    done = broken.python("-m", "pytest", "-rfE", "-q", env=wide)
    assert done.returncode == 1
    failed = re.findall(
        r"^(?:FAILED|ERROR) tests/(?:test_\w+)\.py::(\w+)(.*)", done.stdout, re.MULTILINE
    )
    assert {name for name, _ in failed} == expected
    if faults is FAULTS:
        assert "TimeoutError" in dict(failed)["test_what_ada_says_reaches_grace"]


def test_djangos_test_client_does_not_reach_graphql(project: projects.Project) -> None:
    ask = (
        "from django.test import Client; "
        "print(Client(SERVER_NAME='localhost').post('/graphql').status_code)"
    )
    assert project.manage("shell", "-c", ask).stdout.split()[-1] == "404"
