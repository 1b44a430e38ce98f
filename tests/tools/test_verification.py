"""The page that says how the guide is verified: its figures are counted."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

from tools import verification
from tools.harness import live
from tools.hooks.verification import on_page_markdown
from tools.matrix import ledger
from tools.mutate import library_record
from tools.shown import shown
from tools.stock import page


def put(text: str) -> str:
    config = MkDocsConfig(config_file_path=str(live.ROOT / "mkdocs.yml"))
    assert isinstance(config, MkDocsConfig)
    return on_page_markdown(text, config=config)


def row(text: str, beginning: str) -> list[str]:
    (found,) = [line for line in text.splitlines() if line.startswith(f"| {beginning}")]
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_every_check_has_its_command_and_figures() -> None:
    rows = [line.split(" | ") for line in verification.figures(live.ROOT).splitlines()[2:]]
    assert len(rows) == 13
    assert all(command.startswith("`nox -s ") for _, command, _ in rows)
    assert all(said.strip("| ") for *_, said in rows)
    parts = row(verification.figures(live.ROOT), "Every block")[2]
    assert parts.startswith(f"{len(list(shown(live.ROOT)))} parts of ")


def test_only_sets_of_versions_that_ran_what_is_shown_are_counted_as_passed() -> None:
    said = row(verification.figures(live.ROOT), "The snippets run")[2]
    kept, targets = ledger.read(), [(one.target, one.digest) for one in shown(live.ROOT)]
    whole = [
        name
        for name, run in kept["cells"].items()
        if all(run["snippets"].get(target) == f"{digest} passed" for target, digest in targets)
        and not run["failed"]
    ]
    assert f" {len(whole)} with every part passed" in said


def test_tests_are_counted(tmp_path: Path) -> None:
    text = "def test_one(): ...\nasync def test_two(): ...\ndef help(): ...\nT = 'def test_x'\n"
    (tmp_path / "tests/guide").mkdir(parents=True)
    (tmp_path / "tests/guide/test_page.py").write_text(text, encoding="utf-8")
    (tmp_path / "tests/guide/conftest.py").write_text("def test_no(): ...\n", encoding="utf-8")
    assert verification._tests(tmp_path, "tests/guide") == 2


def test_the_mutants_of_the_pages_add_up() -> None:
    table = verification.mutants(live.ROOT).partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()]
    *pages, together = [[int(cell.replace(",", "")) for cell in cells[1:]] for cells in rows[2:]]
    assert together == [sum(column) for column in zip(*pages, strict=True)]
    assert all(mutants == sum(others) for _, mutants, *others in pages)
    survivors = verification.survivors(live.ROOT)
    assert survivors.count("docs/") == together[4] or not together[4]


def test_the_mutants_of_the_library_are_those_of_its_record(tmp_path: Path) -> None:
    assert verification._library(tmp_path).endswith("(never run)")
    module = "strawberry_django/realtime/sums.py"
    (tmp_path / module).parent.mkdir(parents=True)
    (tmp_path / module).write_text("A = 1\n", encoding="utf-8")
    said = (
        "0 of 0 mutants killed; tried of 0 in all, 1 of the modules not run as they are (never run)"
    )
    assert verification._library(tmp_path) == said
    digest = hashlib.sha256(b"A = 1\n").hexdigest()[:16]
    (tmp_path / library_record.NAME).parent.mkdir(parents=True)
    survivor = {"line": 1, "operator": "NumberReplacer", "was": "A = 1", "now": "A = 2"}
    its = {"digest": digest, "mutants": 2000, "tried": 3, "killed": 2, "timed_out": 0}
    text = {
        "stamps": [{"date": "2026-11-22", "versions": {}}],
        "modules": {module: {**its, "survived": [survivor]}},
    }
    (tmp_path / library_record.NAME).write_text(json.dumps(text), encoding="utf-8")
    said = "2 of 3 mutants killed; tried of 2,000 in all (2026-11-22)"
    assert verification._library(tmp_path) == said
    reason = f"[{module}: A = 1 => A = 2]\nreason = Planted.\n"
    (tmp_path / library_record.ALLOWLIST).write_text(reason, encoding="utf-8")
    said = "2 of 3 mutants killed, 1 allowed; tried of 2,000 in all (2026-11-22)"
    assert verification._library(tmp_path) == said


def test_the_claims_that_either_router_keeps_are_counted_from_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {server: {"holds": True, "measured": "200"} for server in page.SERVERS}
    on_some = {**kept, "daphne": {"holds": False, "measured": "500"}}
    claims = [
        {"stock": kept, "ours": kept},
        {"stock": on_some, "ours": kept},
        {"stock": on_some, "ours": on_some},
    ]
    path = tmp_path / "record.json"
    path.write_text(json.dumps({"date": "2026-11-22", "claims": claims}), encoding="utf-8")
    monkeypatch.setattr(page, "RECORD", path)
    said = "3 claims on three servers: the stock router keeps 1, ours 2 (2026-11-22)"
    assert verification._stock() == said


def test_what_upstream_makes_false_is_that_of_its_record(tmp_path: Path) -> None:
    assert verification._upstream(tmp_path) == "not run yet"
    path = tmp_path / verification.UPSTREAM
    path.parent.mkdir()
    record = {
        "date": "2026-11-22",
        "servers": ["daphne", "uvicorn"],
        "passed": 1200,
        "failed": 3,
        "lines": 14,
        "prose": 2,
        "promises": 1,
        "stock": {"false": 4, "of": 12},
        "expected": {"false": 20, "of": 33},
    }
    path.write_text(json.dumps(record), encoding="utf-8")
    assert verification._upstream(tmp_path) == (
        "1,200 tests passed, 3 failed; false would be 14 lines, 2 numbers and names in the prose, "
        "1 of our promises, and of the stock router 4 of 12 sentences of its documentation "
        "and 20 of 33 that one may expect (on daphne, uvicorn, 2026-11-22)"
    )


def test_a_place_becomes_figures() -> None:
    text = put("Before\n\n<!-- verification figures -->\n\nAfter")
    assert text == f"Before\n\n{verification.figures(live.ROOT)}\n\nAfter"


def test_a_place_of_another_name_is_an_error() -> None:
    with pytest.raises(PluginError, match="choose from figures, mutants, survivors"):
        put("<!-- verification nothing -->")
