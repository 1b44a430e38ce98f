"""No row of the security page's table lacks its tests, and no promise of a test its row."""

from __future__ import annotations

import ast
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tools import stamp
from tools.harness.servers import SERVERS
from tools.hooks import records
from tools.hooks.records import RECORDS, Recorded, on_page_markdown
from tools.threats import (
    RECORD,
    ROOT,
    TESTS,
    asked_again,
    digest,
    make,
    not_passed,
    promised,
    rows,
    table,
    unfit,
    updated,
    write,
)

PAGE = ROOT / "docs" / "guide" / "security.md"


@pytest.fixture(scope="module")
def record() -> Any:
    return json.loads(RECORD.read_text(encoding="utf-8"))


def outcome(test: str, threat: str, outcome: str = "passed") -> dict[str, str]:
    return {"test": test, "outcome": outcome, "threat": threat, "does": "d", "setting": "s"}


def test_each_promise_has_its_row_and_each_row_its_promise(record: Any) -> None:
    assert {row["threat"] for row in record["rows"]} == {threat for threat, _ in promised()}


def test_each_row_has_tests_that_exist_and_passed(record: Any) -> None:
    for row in record["rows"]:
        assert row["tests"]
        passed, tests = row["ours"]
        assert passed == tests > 0
        for test in row["tests"]:
            path, _, name = test.partition("::")
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert name in functions, f"{test} is in the record and not in the tests"


def test_each_mark_stands_on_a_test() -> None:
    for path in sorted((ROOT / TESTS).glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        marks = {
            node.targets[0].id
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call)
            and getattr(node.value.func, "id", "") == "promise"
        }
        used = {
            decorator.id
            for node in tree.body
            if isinstance(node, ast.FunctionDef)
            for decorator in node.decorator_list
            if isinstance(decorator, ast.Name)
        }
        assert marks <= used, f"{path.name}: {sorted(marks - used)} are on no test"


def test_the_page_has_the_table(record: Any) -> None:
    text = PAGE.read_text(encoding="utf-8")
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md")]
    for place in RECORDS:
        assert sum(page.count(place) for page in pages) == 1
    shown = on_page_markdown(text)
    assert "<!--" not in shown
    for row in record["rows"]:
        assert f"| {row['threat']} | {row['does']} |" in shown
    assert on_page_markdown("another page") == "another page"


def test_a_row_is_kept_by_all_of_its_tests() -> None:
    ours = [outcome("a.py::one[x]", "T"), outcome("a.py::one[y]", "T"), outcome("b.py::two", "T")]
    stock = [outcome("a.py::one[x]", "T"), outcome("b.py::two", "T", "failed")]
    (row,) = rows(ours, stock)
    assert row["tests"] == ["a.py::one", "b.py::two"]
    assert (row["ours"], row["stock"]) == ([3, 3], [1, 2])
    (unknown,) = rows(ours, [])
    assert unknown["stock"] == [0, 0]
    record = {"rows": [row], "versions": {"Python": "3"}, "date": "2026-01-01"}
    shown = table({**record, "servers": ["daphne", "uvicorn", "hypercorn"], "again": []})
    assert "| T | d | s | `a.py`, `b.py` (2) | ✓ | ✗ (1 of 2) |" in shown
    said = "on Daphne, Uvicorn, Hypercorn. Recorded on 2026-01-01 with Python 3."
    assert shown.endswith(said)
    twice = table({**record, "servers": ["daphne", "uvicorn"], "again": ["a.py::one[x]"]})
    assert twice.endswith("Asked twice: `a.py::one[x]`.")


def test_what_failed_once_is_asked_again() -> None:
    first = [outcome("one", "T", "failed"), outcome("one", "U"), outcome("two", "T")]
    assert not_passed(first) == ["one"]
    later = asked_again(first, [outcome("one", "T"), outcome("one", "U", "failed")])
    assert [one["outcome"] for one in later] == ["passed", "failed", "passed"]
    assert not_passed(later) == ["one"]
    assert not_passed(asked_again(first, [])) == ["one"]


def test_nothing_is_written_when_one_of_our_tests_fails(tmp_path: Path) -> None:
    path = tmp_path / "threats.json"
    assert write(make([outcome("a.py::one", "T", "skipped")], []), path) == ["T"]
    assert not path.exists()
    assert write(make([outcome("a.py::one", "T")], [], ["a.py::two"]), path) == []
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["rows"][0]["threat"] == "T"
    assert (written["servers"], written["again"]) == (list(SERVERS), ["a.py::two"])
    assert "daphne" in written["versions"]
    assert written["digest"] == digest()


def asked(files: dict[str, str], **rows: list[str]) -> dict[str, Any]:
    made = [{"threat": threat, "tests": tests} for threat, tests in rows.items()]
    return {"versions": {}, "files": files, "again": [], "rows": made}


def test_the_rows_of_a_file_are_recorded_again() -> None:
    old = asked({"a.py": "1", "b.py": "1"}, gone=["a.py::g"], first=["a.py::x"], second=["b.py::y"])
    new = asked({"a.py": "2", "b.py": "1"}, first=["a.py::z"], third=["a.py::n"])
    rows = updated(old, new, ["a.py"])["rows"]
    assert [(row["threat"], row["tests"]) for row in rows] == [
        ("first", ["a.py::z"]),
        ("second", ["b.py::y"]),
        ("third", ["a.py::n"]),
    ]


def test_they_are_not_if_anything_else_has_changed(record: Any) -> None:
    row = record["rows"][0]
    (file,) = {test.partition("::")[0] for test in row["tests"]}
    assert unfit(record, [file]) == []
    other = next(name for name in record["files"] if name != file)
    changed = {**record, "files": {**record["files"], other: "0", "tests/live/gone.py": "0"}}
    found = sorted([other, "tests/live/gone.py"])
    assert unfit(changed, [file]) == [f"{name} has changed too" for name in found]
    older = {**record, "versions": {**record["versions"], "Django": "1"}}
    assert unfit(older, [file]) == ["the versions are not those of the record"]
    wide = {**record, "rows": [{**row, "tests": [*row["tests"], f"{other}::x"]}]}
    assert unfit(wide, [file]) == [f"{row['threat']!r} has tests elsewhere too"]


def test_the_record_names_every_server(record: Any) -> None:
    assert record["servers"] == list(SERVERS)


def test_the_digest_is_that_of_the_tests_and_their_site(tmp_path: Path) -> None:
    folder = tmp_path / TESTS
    (folder / "site").mkdir(parents=True)
    digests = {digest(tmp_path)}
    for name in ("promises.py", "test_host.py", "site/asgi.py"):
        for text in ("x = 1\n", "x = 2\n"):
            (folder / name).write_text(text, encoding="utf-8")
            digests.add(digest(tmp_path))
    (folder / "notes.txt").write_text("no test", encoding="utf-8")
    digests.add(digest(tmp_path))
    assert len(digests) == 7


@pytest.mark.parametrize("kept", ["right", "another", None])
def test_a_record_that_is_older_than_what_makes_it_is_a_warning(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    kept: str | None,
) -> None:
    maker, path = tmp_path / "maker.py", tmp_path / "planted.json"
    maker.write_text("x = 1\n", encoding="utf-8")
    now = stamp.digest([maker])
    known = {} if kept is None else {"digest": now if kept == "right" else kept}
    path.write_text(json.dumps({"says": "it", **known}), encoding="utf-8")
    planted = Recorded(
        path, lambda made: made["says"], lambda: stamp.digest([maker]), "nox -s planted"
    )
    monkeypatch.setattr(records, "RECORDS", {"<!-- planted -->": planted})
    with caplog.at_level(logging.WARNING, "mkdocs"):
        assert on_page_markdown("<!-- planted -->") == "it"
    assert bool(caplog.text) == (kept != "right")
    if kept != "right":
        assert "planted.json is older than what makes it; run `nox -s planted`" in caplog.text
    caplog.clear()
    maker.write_text("x = 2\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING, "mkdocs"):
        on_page_markdown("<!-- planted -->")
    assert "planted.json is older" in caplog.text


def test_each_record_knows_what_makes_it() -> None:
    for recorded in RECORDS.values():
        assert len(recorded.digest()) == 16
        assert recorded.command.startswith("nox -s ")
