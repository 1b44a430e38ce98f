"""Mutating the library, in a small checkout with a module that is defended, or is not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tools.harness import live
from tools.mutate import library_record
from tools.mutate.__main__ import main
from tools.mutate.library import defenders_of
from tools.mutate.library_mutants import mutants, sample
from tools.mutate.mutants import DELETED

MODULE = "strawberry_django/realtime/sums.py"
USER = "strawberry_django/realtime/uses.py"
SOURCE = '''\
"""Sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Sequence

    LIMIT = 3

NONE: int | None = None


@overload
def grown(number: int = 1) -> int | str: ...


def grown(number: int | str, by: Sequence[int] | None = None, **more: int) -> int | str:
    if number == 7:
        return dict(**more)
    return number
'''
DEFENDED = """
import pytest
from strawberry_django.realtime import sums


@pytest.mark.parametrize("number", [-3, 0, 5, 6, 8, 700, 10**30])
def test_others_stay(number):
    assert sums.grown(number) == number


def test_seven_becomes_what_is_given():
    assert sums.grown(int("7"), one=1) == {"one": 1}
    assert sums.grown(7.0, one=1) == {"one": 1}
"""
WEAK = """
from strawberry_django.realtime import sums


def test_it_gives_back():
    assert sums.grown(3) == 3
"""
WEAK_NO_IMPORT = "def test_nothing():\n    assert True\n"
RED = "def test_it_is_red():\n    assert False\n"
ENTRY = f"[{MODULE}: if number == 7: => *]\nreason = Planted.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout whose library is one module, which finds every mutant of it."""
    root = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__", "library.json", "library_allowlist.ini")
    shutil.copytree(live.ROOT / "tools", root / "tools", ignore=ignored)
    for name in ("conftest", "urls"):
        write(root, f"tests/{name}.py", (live.ROOT / f"tests/{name}.py").read_text())
    settings = (live.ROOT / "tests/settings.py").read_text()
    write(root, "tests/settings.py", settings.replace('    "strawberry_django.realtime",\n', ""))
    write(root, "tests/urls.py", "urlpatterns = []\n")
    write(root, "pyproject.toml", (live.ROOT / "pyproject.toml").read_text())
    write(root, "strawberry_django/realtime/__init__.py", "")
    write(root, MODULE, SOURCE)
    write(root, "tests/test_sums.py", DEFENDED)
    return root


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def run(root: Path, *arguments: str) -> int:
    return main(["--library", "--workers", "1", *arguments], root)


def test_what_nothing_executes_has_no_mutants() -> None:
    found = mutants(MODULE, SOURCE)
    assert {one.line for one in found} == {20}
    assert {one.was for one in found} == {"if number == 7:"}
    assert {"if number != 7:", "if not number == 7:", "if number == 8:"} < {it.now for it in found}
    compared = "A = B is None\n"
    assert "A = B == None" not in {one.now for one in mutants(MODULE, compared)}
    decorated = "import functools\n\n@functools.cache\ndef one(): ...\n"
    (removed,) = mutants(MODULE, decorated)
    assert (removed.line, removed.was, removed.now) == (3, "@functools.cache", DELETED)


def test_a_sample_is_always_the_same_and_never_too_small() -> None:
    source = "\n".join(f"A{number} = {number}" for number in range(100)) + "\n"
    every = mutants(MODULE, source)
    chosen = sample(every, 0.1)
    assert len(every) == 200
    assert len(chosen) == 20
    assert sample(every[::-1], 0.1) == chosen
    # What is added elsewhere changes little of it.
    names = {one.name for one in chosen}
    assert len(names & {one.name for one in sample(mutants(MODULE, f"B = 7\n{source}"), 0.1)}) >= 18
    assert set(chosen) < set(sample(every, 0.2))
    assert len(sample(every, 0)) == 5
    assert set(sample(every, 1)) == set(every)


def test_a_module_is_defended_by_its_own_tests_and_those_of_what_imports_it(root: Path) -> None:
    write(root, USER, "from .sums import grown\n")
    write(root, "tests/test_uses.py", WEAK_NO_IMPORT)
    write(root, "tests/test_both.py", WEAK)
    write(root, "tests/test_neither.py", WEAK_NO_IMPORT)
    assert defenders_of(root, MODULE) == (
        ["tests/test_sums.py"],
        ["tests/test_uses.py", "tests/test_both.py"],
    )


def test_with_every_mutant_killed_it_is_green_and_need_not_run_again(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "sums", "--share", "1") == 0
    said = capsys.readouterr().out
    found = library_record.figures(root)[MODULE]
    assert found.mutants == found.tried == found.killed == len(mutants(MODULE, SOURCE))
    assert f"[{found.killed}/{found.killed}] killed {found.killed}, survived 0, 0 min left" in said
    assert (root / MODULE).read_text() == SOURCE
    (stamp,) = json.loads((root / library_record.NAME).read_text())["stamps"]
    assert {"Python", "Django", "cosmic-ray"} < set(stamp["versions"])
    assert run(root, "realtime/sums.py", "--changed") == 0
    assert capsys.readouterr().out.startswith("0 of 0 mutants of 0 modules")
    write(root, MODULE, SOURCE.replace("7", "9"))
    assert library_record.figures(root)[MODULE].unknown == [MODULE]
    assert run(root, MODULE, "--figures") == 1
    assert f"The record lacks {MODULE}: nox -s mutate" in capsys.readouterr().out


def test_the_record_of_the_library_lacks_no_module(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--library", "--figures"]) == 0, capsys.readouterr().out


def test_weak_tests_leave_survivors_which_others_may_kill_or_a_reason_let_pass(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root, "tests/test_sums.py", WEAK)
    assert run(root, MODULE) == 1
    said = capsys.readouterr().out
    assert f"survived: {MODULE}:20: " in said
    survivors = library_record.figures(root)[MODULE].survivors
    assert said.count(f"{MODULE}:20: ") == 2 * len(survivors) > 0
    assert "% of those tried were killed, where 90 % are asked for" in said
    write(root, library_record.ALLOWLIST, ENTRY)
    assert run(root, MODULE, "--figures") == 0
    (root / library_record.ALLOWLIST).unlink()
    write(root, "tests/test_more.py", DEFENDED)
    assert run(root, MODULE, "--survivors") == 0
    found = library_record.figures(root)[MODULE]
    assert (found.tried, found.killed, found.survivors) == (5, 5, [])


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [(ENTRY, "names no mutant"), (ENTRY.replace("Planted.", ""), "has no reason")],
    ids=["of nothing that survived", "without a reason"],
)
def test_an_entry_that_is_stale_or_without_a_reason_is_red(
    root: Path, capsys: pytest.CaptureFixture[str], entry: str, complaint: str
) -> None:
    write(root, library_record.ALLOWLIST, entry)
    assert run(root, "--figures") == 1
    assert f"{library_record.ALLOWLIST}:1: [{MODULE}: " in (said := capsys.readouterr().out)
    assert complaint in said


def test_it_does_not_start_where_a_test_fails_without_it(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root, "tests/test_sums.py", RED)
    assert run(root, MODULE) == 2
    assert "test_it_is_red fails though nothing is mutated; mend it" in capsys.readouterr().err
    assert not (root / library_record.NAME).exists()


def test_a_module_that_is_not_there_is_an_error(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "product") == 2
    message = "not a module of the library: strawberry_django/realtime/product.py"
    assert message in capsys.readouterr().err
