from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from coverage import CoverageData

from tools.harness import live
from tools.harness.coverage_map import Checkout, combine, mapped

MARKED = """\
# --8<-- [start:all]
def double(number):
    if number > 1:
        return number * 2  # (hl)
    return number
# --8<-- [end:all]


double(1)
"""
COPY = """\
def double(number):
    if number > 1:
        return number * 2
    return number


double(1)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    snippet = tmp_path / "checkout/snippets/chat/myproject/schema.py"
    snippet.parent.mkdir(parents=True)
    snippet.write_text(MARKED)
    module = tmp_path / "checkout/strawberry_django/realtime/conf.py"
    module.parent.mkdir(parents=True)
    module.write_text("DEFAULT = 1\n")
    return Checkout(tmp_path / "checkout", tmp_path / "checkout/snippets")


def project_file(tmp_path: Path, text: str = COPY) -> Path:
    path = tmp_path / "project/myproject/schema.py"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def test_a_built_file_counts_for_its_snippet(tmp_path: Path, checkout: Checkout) -> None:
    sources = checkout.sources(project_file(tmp_path))
    assert sources == [(checkout.snippets / "chat/myproject/schema.py", [2, 3, 4, 5, 7, 8, 9])]


def test_a_changed_file_counts_for_none(tmp_path: Path, checkout: Checkout) -> None:
    assert checkout.sources(project_file(tmp_path, COPY + "double(2)\n")) == []


def test_a_file_that_is_gone_counts_for_none(tmp_path: Path, checkout: Checkout) -> None:
    assert checkout.sources(tmp_path / "gone/myproject/schema.py") == []


def test_a_copy_in_another_place_counts_for_none(tmp_path: Path, checkout: Checkout) -> None:
    elsewhere = tmp_path / "schema.py"
    elsewhere.write_text(COPY)
    assert checkout.sources(elsewhere) == []


def test_the_installed_library_counts_for_the_checkouts(checkout: Checkout) -> None:
    installed = Path("/venv/lib/site-packages/strawberry_django/realtime/conf.py")
    assert checkout.sources(installed) == [
        (checkout.root / "strawberry_django/realtime/conf.py", None)
    ]
    carried = installed.parent / "_snippets/chat/myproject/schema.py"
    snippet = checkout.snippets / "chat/myproject/schema.py"
    assert checkout.sources(carried) == checkout.sources(snippet) == [(snippet, None)]


def test_lines_are_those_of_the_snippet() -> None:
    arcs = [(-1, 1), (1, 2), (2, -1), (-2, 2)]
    assert list(mapped(arcs, [2, 5])) == [(-1, 2), (2, 5), (5, -1), (-5, 5)]
    assert list(mapped(arcs, None)) == arcs


def test_lines_that_the_copy_never_had_are_left_out() -> None:
    assert list(mapped([(1, 2), (2, 3), (-3, 2)], [2, 5])) == [(2, 5)]


def test_an_empty_file_has_a_line() -> None:
    assert list(mapped([(-1, 1), (1, -1)], [])) == [(-1, 1), (1, -1)]


def test_what_ran_in_a_project_is_combined(tmp_path: Path, checkout: Checkout) -> None:
    path = project_file(tmp_path)
    data_file = tmp_path / "data"
    subprocess.run(
        [
            *(sys.executable, "-m", "coverage", "run", "--rcfile=", "--branch", "--parallel-mode"),
            *(f"--data-file={data_file}", str(path)),
        ],
        cwd=tmp_path,
        env=live.environment(),
        check=True,
    )
    (tmp_path / "data.killed").write_bytes(b"half a file")
    combine(data_file, checkout)
    data = CoverageData(str(data_file))
    data.read()
    snippet = str(checkout.snippets / "chat/myproject/schema.py")
    module = str(checkout.root / "strawberry_django/realtime/conf.py")
    assert data.measured_files() == {snippet, module}
    assert {2, 3, 5, 9} <= set(data.lines(snippet) or ())
    assert 4 not in (data.lines(snippet) or ())
    assert data.lines(module) == []
    data.close()
    assert list(tmp_path.glob("data.*")) == []
