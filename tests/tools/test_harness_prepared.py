"""A project is prepared once for the same settings and models."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.harness.prepared import VARIABLE, prepare
from tools.harness.projects import Project, build


def make(project: Project) -> None:
    (project.path / "made").mkdir()
    (project.path / "made/count.txt").write_bytes(b"1")


def never(project: Project) -> None:
    raise AssertionError(f"{project.path} is prepared again")


@pytest.fixture(params=["own folder", "given folder"], autouse=True)
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if request.param == "given folder":
        monkeypatch.setenv(VARIABLE, str(tmp_path / "prepared"))


def test_the_same_settings_are_prepared_once(tmp_path: Path) -> None:
    prepare(build(tmp_path / "first"), f"once, {tmp_path}", make)
    second = build(tmp_path / "second")
    (second.path / "myproject/schema.py").write_text("schema = None\n")
    prepare(second, f"once, {tmp_path}", never)
    assert (second.path / "made/count.txt").read_bytes() == b"1"
    assert (second.path / "myproject/schema.py").read_text() == "schema = None\n"


def test_other_settings_or_another_preparation_are_prepared_anew(tmp_path: Path) -> None:
    prepare(build(tmp_path / "first"), f"anew, {tmp_path}", make)
    second = build(tmp_path / "second")
    prepare(second, f"otherwise, {tmp_path}", make)
    third = build(tmp_path / "third")
    (third.path / "myproject/settings.py").write_text("DEBUG = False\n")
    prepare(third, f"anew, {tmp_path}", make)
    for project in (second, third):
        assert (project.path / "made/count.txt").read_bytes() == b"1"
