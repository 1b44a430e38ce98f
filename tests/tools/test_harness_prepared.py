"""A project is prepared once for the same Python files."""

from __future__ import annotations

from pathlib import Path

from tools.harness.prepared import prepare
from tools.harness.projects import Project, build


def make(project: Project) -> None:
    (project.path / "made").mkdir()
    (project.path / "made/count.txt").write_bytes(b"1")


def never(project: Project) -> None:
    raise AssertionError(f"{project.path} is prepared again")


def test_the_same_files_are_prepared_once(tmp_path: Path) -> None:
    prepare(build(tmp_path / "first"), "once", make)
    second = build(tmp_path / "second")
    (second.path / "style.css").write_text("")
    prepare(second, "once", never)
    assert (second.path / "made/count.txt").read_bytes() == b"1"


def test_other_files_or_another_preparation_are_prepared_anew(tmp_path: Path) -> None:
    prepare(build(tmp_path / "first"), "anew", make)
    for name, how in (("second", "otherwise"), ("third", "anew")):
        project = build(tmp_path / name)
        if name == "third":
            (project.path / "manage.py").write_text("# Changed.\n")
        prepare(project, how, make)
        assert (project.path / "made/count.txt").exists()
        assert not (tmp_path / "first/made/made").exists()
