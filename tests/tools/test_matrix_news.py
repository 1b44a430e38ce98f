"""What a run of the matrix adds to the kept ledger is told, and what is the same is not."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tools.harness import live
from tools.matrix import cells, ledger
from tools.matrix.news import TITLE, main, news

CELL = "3.12 6.0 newest"
TARGET = "chat/myproject/urls.py"


def kept() -> Any:
    run = {
        "date": "2026-01-01",
        "versions": {"python": "3.12.1", "uvicorn": "0.54.0"},
        "passed": 2,
        "failed": 1,
        "skipped": 0,
        "seconds": 100,
        "error": "",
        "failures": {"test_a.py::test_old": {"reason": "KeyError", "files": []}},
        "skips": {},
        "again": {},
        "snippets": {TARGET: "0123 passed"},
    }
    return {"cells": {CELL: run}, "tests": {}}


def changed(**values: Any) -> Any:
    made = kept()
    made["cells"][CELL].update(values)
    return made


def test_another_day_is_no_news() -> None:
    again = {"test_a.py::test_busy": "TimeoutError"}
    assert news(kept(), changed(date="2026-02-01", seconds=1, passed=3, again=again)) == []
    whole = ledger.read()
    assert news(whole, copy.deepcopy(whole)) == []


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"versions": {"python": "3.12.1", "uvicorn": "1.0"}}, "uvicorn 0.54.0 → 1.0"),
        ({"versions": {"uvicorn": "0.54.0"}}, "python 3.12.1 → none"),
        ({"snippets": {TARGET: "0123 failed"}}, "1 shown parts have another text or result"),
        ({"snippets": {}}, "1 shown parts have another text or result"),
        ({"failures": {}}, "`test_a.py::test_old` fails no more"),
        (
            {"failures": {"test_a.py::test_old": {"reason": "ValueError", "files": []}}},
            "`test_a.py::test_old` fails: ValueError",
        ),
        ({"error": "no such version"}, "no such version"),
    ],
)
def test_what_differs_is_told(after: dict[str, Any], said: str) -> None:
    assert news(kept(), changed(**after)) == [f"{CELL}: {said}"]


def test_a_cell_that_comes_or_goes_is_told() -> None:
    other = {"cells": {"3.13 6.0 newest": kept()["cells"][CELL]}, "tests": {}}
    assert news(kept(), other) == [  # type: ignore[arg-type]
        "3.13 6.0 newest: was never run before",
        f"{CELL}: is no more",
    ]


def test_a_report_is_there_if_there_is_news(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after, report = (tmp_path / name for name in ("a.json", "b.json", "report.md"))
    before.write_text(json.dumps(kept()), encoding="utf-8")
    after.write_text(json.dumps(changed(error="no such version")), encoding="utf-8")
    arguments = [str(before), str(after), "--report", str(report)]
    assert main(arguments) == 0
    assert report.read_text(encoding="utf-8") == f"{TITLE}\n\n- {CELL}: no such version\n"
    after.write_text(json.dumps(kept()), encoding="utf-8")
    assert main(arguments) == 0
    assert not report.exists()
    assert capsys.readouterr().out.endswith("nothing is new\n")


def test_the_cells_are_what_the_package_says_that_it_is_for() -> None:
    project = (live.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pythons = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
    djangos = re.findall(r'"Framework :: Django :: ([\d.]+)"', project)
    assert (pythons, djangos) == ([*cells.PYTHONS], [*cells.DJANGOS])
