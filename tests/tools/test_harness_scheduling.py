"""Who shares servers shares a worker, and who starts the most of them comes first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tools.harness.live import ROOT
from tools.harness.scheduling import FIRST, SHARED, Scheduling, order


def scope(nodeid: str) -> str:
    return Scheduling._split_scope(Scheduling.__new__(Scheduling), nodeid)


def test_the_files_of_a_shared_folder_are_one_scope() -> None:
    one, other = (f"tests/guide/reference_claims/test_{name}.py::test" for name in ("a", "b"))
    assert scope(one) == scope(other) == SHARED[0]


def test_every_other_file_is_a_scope_of_its_own() -> None:
    assert scope("tests/guide/test_a.py::test[::]") == "tests/guide/test_a.py"


def test_the_longest_come_first_and_the_others_stay_as_they_are() -> None:
    names = [
        "tests/test_b.py::b",
        f"{FIRST[-1]}::x",
        "tests/test_a.py::a",
        f"{SHARED[0]}test_c.py::c",
    ]
    items: list[Any] = [SimpleNamespace(nodeid=name) for name in names]
    order(items)
    assert [item.nodeid for item in items] == [names[3], names[1], names[0], names[2]]


def test_what_comes_first_exists() -> None:
    assert all((ROOT / name).exists() for name in FIRST)
