"""What is recorded of a command is what the shown command prints: another one makes it stale."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools.harness import live, projects
from tools.recording import Recorder
from tools.scenarios import Scenario
from tools.scenarios._integration import words

SCENARIOS = {one.name: one for one in Recorder(live.ROOT).scenarios}


@pytest.fixture
def snippets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the snippets, which the harness takes for them."""
    copy = tmp_path / "snippets"
    shutil.copytree(projects.SNIPPETS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(projects, "SNIPPETS", copy)
    return copy


def is_stale(scenario: Scenario) -> bool:
    """Tell whether a scenario fails, or gives something else than what is kept."""
    try:
        texts = Recorder.produce(scenario)
    except Exception:
        return True
    kept = {target: (live.ROOT / "snippets" / target).read_text() for target in texts}
    return {target: text.split() for target, text in texts.items()} != {
        target: text.split() for target, text in kept.items()
    }


@pytest.mark.parametrize(
    ("name", "script", "command"),
    [
        ("integration_security.check", "settings/shell/check.sh", "python manage.py check"),
        (
            "integration_security.check",
            "settings/shell/check.sh",
            "python manage.py check --tag models",
        ),
        ("integration_security.check", "settings/shell/check.sh", "python manage.py checks"),
        (
            "integration_routing.runserver",
            "running/shell/runserver.sh",
            "python manage.py runserver --version",
        ),
        (
            "integration_routing.runserver",
            "running/shell/runserver.sh",
            "daphne myproject.asgi:application",
        ),
    ],
)
def test_another_command_makes_its_recording_stale(
    snippets: Path, name: str, script: str, command: str
) -> None:
    is_shown = command == (snippets / script).read_text(encoding="utf-8").strip()
    (snippets / script).write_text(f"{command}\n", encoding="utf-8")
    assert is_stale(SCENARIOS[name]) is not is_shown


@pytest.mark.parametrize("text", ["pip install x\n", "python a.py\npython b.py\n", "\n"])
def test_only_one_command_of_python_is_taken(snippets: Path, text: str) -> None:
    (snippets / "settings/shell/check.sh").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"settings/shell/check.sh is not one command of python"):
        words("settings/shell/check.sh")
