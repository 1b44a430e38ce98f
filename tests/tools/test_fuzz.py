"""The fuzzing is red when a server does something wrong, and green when it does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.fuzz import __main__ as command
from tools.fuzz import campaign
from tools.fuzz.campaign import fuzz, lay_out
from tools.fuzz.results import Result, digest, record, table
from tools.harness.projects import Project
from tools.harness.servers import SERVERS

FRAMES, REQUESTS = 100, 30


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = lay_out(tmp_path_factory.mktemp("fuzz") / "project")
    shutil.copy(Path(__file__).with_name("fuzz_faults.py"), project.path)
    return project


@pytest.fixture
def throw(project: Project) -> Callable[[str], Result]:
    """Fuzz the project with a fault in it."""

    def throw(fault: str) -> Result:
        env = {"PLANTED_FAULT": fault}
        where = "fuzz_faults:application"
        return fuzz(project, "uvicorn", FRAMES, REQUESTS, application=where, env=env)

    return throw


def test_a_server_that_is_right(
    throw: Callable[[str], Result], capsys: pytest.CaptureFixture[str]
) -> None:
    result = throw("")
    assert result.server == "uvicorn"
    assert result.frames >= FRAMES
    assert result.requests >= REQUESTS
    assert result.tasks[1] <= result.tasks[0]
    shown = capsys.readouterr().out
    assert "  100 of 100 frames" in shown
    assert "  30 of 30 requests" in shown


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less long for tasks that will not end."""
    monkeypatch.setattr(campaign, "SETTLE_SECONDS", 2)


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("code", "closed with 4499, expected {.*4400"),
        ("status", "500 for b'"),
        ("task", "tasks are left"),
        ("memory", "memory grew from"),
        ("traceback", "(?s)a traceback:.*RuntimeError: planted"),
    ],
)
def test_a_fault_is_found(fault: str, said: str, throw: Callable[[str], Result]) -> None:
    with pytest.raises(AssertionError, match=said):
        throw(fault)


def results(*servers: str, frames: int = 33_334) -> list[Result]:
    return [Result(server, frames, 6_667, 1_200, (3, 3), (90, 97)) for server in servers]


def test_what_came_of_it_is_recorded_and_shown(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    assert record(results(*SERVERS), path)
    recorded = json.loads(path.read_text(encoding="utf-8"))
    assert {"Python", "Django", "daphne", "hypothesis", "schemathesis"} <= {*recorded["versions"]}
    assert recorded["digest"] == digest()
    shown = table(recorded)
    assert "| Daphne | 33,334 | 6,667 | 1,200 | 3, 3 | 90, 97 |" in shown
    assert shown.endswith(f"schemathesis {recorded['versions']['schemathesis']}.")


def test_one_server_takes_its_own_place_among_those_of_the_same_day(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    assert not record(results("hypercorn"), path)
    assert not path.exists()
    assert record(results(*SERVERS), path)
    assert record(results("hypercorn", frames=50_000), path)
    recorded = json.loads(path.read_text(encoding="utf-8"))
    frames = {one["server"]: one["frames"] for one in recorded["results"]}
    assert frames == {"daphne": 33_334, "uvicorn": 33_334, "hypercorn": 50_000}
    for other in ({"date": "2026-01-01"}, {"digest": "of what threw other things"}):
        path.write_text(json.dumps({**recorded, **other}), encoding="utf-8")
        assert not record(results("hypercorn"), path)


def test_the_digest_is_that_of_what_throws_and_judges(tmp_path: Path) -> None:
    digests = {digest(tmp_path)}
    for name in ("frames.py", "campaign.py"):
        for text in ("x = 1\n", "x = 2\n"):
            (tmp_path / name).write_text(text, encoding="utf-8")
            digests.add(digest(tmp_path))
    for name in ("results.py", "results.json"):
        (tmp_path / name).write_text("says it otherwise", encoding="utf-8")
        digests.add(digest(tmp_path))
    assert len(digests) == 5


def test_the_command_knows_its_servers(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--server", "gunicorn"])
    assert ended.value.code == 2
    assert "daphne" in capsys.readouterr().err
