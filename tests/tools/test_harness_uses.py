"""Which snippets each test uses."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tools.harness import live

TESTS = """
import pytest
from tools.harness.projects import SNIPPETS, build

HELLO = (SNIPPETS / "first_subscription/requests/hello.graphql").read_text()

@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return build(tmp_path_factory.mktemp("project"), "settings")


@pytest.fixture
def script():
    return (SNIPPETS / "running/shell/runserver.sh").read_text()


def test_first(installed):
    assert installed


def test_second(installed, script):
    assert not script


def test_asks_by_name(request):
    assert request.getfixturevalue("script")


def test_none():
    assert True
"""

HELLO = "first_subscription/requests/hello.graphql"


@pytest.fixture(scope="module", params=["0", "2"], ids=["alone", "workers"])
def uses(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("tests")
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", str(folder)]
    plugins = ["-p", "no:django", "-p", "no:cacheprovider", "-p", "tools.harness.uses"]
    written = folder / "uses.json"
    done = subprocess.run(
        [*command, *plugins, "-n", request.param, f"--uses={written}", str(folder)],
        cwd=live.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return {name.partition("::")[2]: test for name, test in json.loads(written.read_text()).items()}


def test_what_a_module_opens_counts_for_all_of_its_tests(uses: Any) -> None:
    assert all(HELLO in test["files"] for test in uses.values())


def test_a_fixture_counts_for_each_test_that_has_it(uses: Any) -> None:
    settings = "settings/myproject/settings.py"
    assert settings in uses["test_first"]["files"]
    assert settings in uses["test_second"]["files"]
    assert "running/shell/runserver.sh" in uses["test_second"]["files"]
    assert "running/shell/runserver.sh" not in uses["test_first"]["files"]


def test_a_fixture_asked_for_at_run_time_counts(uses: Any) -> None:
    assert uses["test_asks_by_name"]["files"] == [HELLO, "running/shell/runserver.sh"]


def test_a_test_that_opens_none_uses_those_of_its_module(uses: Any) -> None:
    assert uses["test_none"]["files"] == [HELLO]


def test_it_says_what_came_of_each(uses: Any) -> None:
    outcomes = {name: test["outcome"] for name, test in uses.items()}
    assert outcomes.pop("test_second") == "failed"
    assert set(outcomes.values()) == {"passed"}
    assert uses["test_first"]["seconds"] > 0


def test_what_did_not_pass_has_its_reason_in_a_line(uses: Any) -> None:
    assert uses["test_second"]["reason"].startswith("AssertionError: assert not ")
    assert "\n" not in uses["test_second"]["reason"]
    assert "reason" not in uses["test_first"]
