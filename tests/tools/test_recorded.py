"""Stale recorded output over HTTP and over WebSocket, and a file of no run, turn red."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.harness.live import ROOT, environment

NEEDED = ("snippets", "strawberry_django", "tests", "tools", "pyproject.toml", "constraints.txt")
AGAIN = "nox -s docs -- record asgi_routing/recorded/ping.http.json"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this one, in which a fault may be planted."""
    left_out = shutil.ignore_patterns("node_modules", ".*")
    for name in NEEDED:
        source, copy = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, copy, ignore=left_out)
        else:
            shutil.copy(source, copy)
    return tmp_path


def recorded(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.recorded", *arguments]
    env = environment()
    env.pop("PYTHONPATH", None)  # It finds the library by itself, as it does for a reader.
    return subprocess.run(
        command, cwd=checkout, env=env, capture_output=True, text=True, timeout=150, check=False
    )


def test_stale_answers_are_named_with_their_difference_and_recorded_again(checkout: Path) -> None:
    folder = checkout / "snippets/asgi_routing/recorded"
    kept = {name: (folder / name).read_text() for name in ("ping.http.json", "ping.frames")}
    for name, text in kept.items():
        (folder / name).write_text(text.replace("pong", "ping"))
    done = recorded(checkout, "check", "test_ping")
    assert done.returncode == 1
    assert "Stale: snippets/asgi_routing/recorded/ping.http.json" in done.stdout
    assert "Stale: snippets/asgi_routing/recorded/ping.frames" in done.stdout
    assert '-    "ping": "ping"\n+    "ping": "pong"' in done.stdout
    assert AGAIN in done.stdout
    assert recorded(checkout, *AGAIN.split()[-2:]).returncode == 0
    assert {name: (folder / name).read_text() for name in kept} == kept


def test_a_file_that_no_run_makes_is_named(checkout: Path) -> None:
    (checkout / "snippets/chat/recorded/old.json").write_text("{}\n")
    done = recorded(checkout, "check", "test_each_recorded_file_is_made_by_a_run")
    assert done.returncode == 1
    assert "No run records snippets/chat/recorded/old.json" in done.stdout
