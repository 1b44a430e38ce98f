"""What the newest of everything makes false is named by page and line, and else nothing is said."""

from __future__ import annotations

import datetime
import json
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from channels.layers import BaseChannelLayer

from tests.test_reference_claims.claims import CLAIMS
from tools.harness import live
from tools.matrix import ledger
from tools.shown import shown
from tools.stock.page import RECORD
from tools.upstream import (
    REFERENCE_PAGE,
    TESTS,
    Drift,
    claimed,
    failures,
    false_lines,
    false_prose,
    main,
    markdown,
    run_tests,
    versions,
)

ROOT = live.ROOT
DAY = datetime.date(2026, 1, 1)
QUICK = "tests/test_reference_claims/test_see_also.py"


def outcome(*files: str, failed: bool = True) -> dict[str, Any]:
    if failed:
        return {"outcome": "failed", "reason": "AssertionError", "seconds": 1, "files": [*files]}
    return {"outcome": "passed", "seconds": 1, "files": [*files]}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Pages that show two files, one of them twice."""
    for name in ("one", "two"):
        path = tmp_path / "snippets" / name / "asgi.py"
        path.parent.mkdir(parents=True)
        path.write_text("# --8<-- [start:part]\nx = 1\n# --8<-- [end:part]\n")
    page = tmp_path / REFERENCE_PAGE
    page.parent.mkdir(parents=True)
    page.write_text('# Django Channels\n\n```python\n--8<-- "one/asgi.py:part"\n```\n')
    blocks = [f'```python\n--8<-- "{name}/asgi.py"\n```\n' for name in ("two", "one")]
    (tmp_path / "docs" / "a.md").write_text("\n".join(blocks))
    return tmp_path


def test_a_failed_test_names_the_lines_that_show_what_it_used(checkout: Path) -> None:
    tests = {
        "tests/snippets/test_a.py::test_one": outcome("one/asgi.py", "one/hidden.py"),
        "tests/snippets/test_a.py::test_two": outcome("two/asgi.py", failed=False),
    }
    assert false_lines(tests, checkout) == {
        "docs/a.md:6 (one/asgi.py)": ["tests/snippets/test_a.py::test_one"],
        "docs/integrations/channels.md:4 (one/asgi.py:part)": [
            "tests/snippets/test_a.py::test_one"
        ],
    }
    assert failures(tests) == {"tests/snippets/test_a.py::test_one": "AssertionError"}


def test_a_failed_test_of_a_sentence_names_the_section_that_says_it(checkout: Path) -> None:
    sentence = CLAIMS[0]
    name = f"tests/test_reference_claims/test_overview.py::{sentence.test}[uvicorn]"
    assert false_lines({name: outcome()}, checkout) == {
        f"docs/integrations/channels.md:1 ({sentence.text})": [name]
    }


def test_each_sentence_of_the_reference_has_its_section_in_the_guide() -> None:
    places = claimed()
    assert {claim.text for claim in CLAIMS if not places.get(claim.test)} == set()


def test_a_test_that_shows_nothing_is_told_all_the_same(checkout: Path) -> None:
    tests = {"tests/snippets/test_a.py": outcome()}
    assert false_lines(tests, checkout) == {}
    assert Drift(failed=failures(tests))


def test_versions_are_those_that_differ() -> None:
    django = version("Django")
    pins = f"""\
channels==1.0 ; python_full_version < '3'
channels=={version("channels")} ; python_full_version >= '3'
django==1.0
not-installed-anywhere==3
"""
    assert versions(pins) == {"django": ("1.0", django)}


def test_the_report_names_everything() -> None:
    found = Drift(
        versions={"django": ("5.2", "7.0a1")},
        lines={"docs/a.md:6 (one/asgi.py)": ["tests/a.py::one", "tests/a.py::two"]},
        failed={"tests/a.py::one": "KeyError", "tests/a.py::two": "ValueError"},
        prose=["docs/a.md:3: the number 16 is unbound; bind it"],
        promises=["host does not hold with our router on uvicorn: 200"],
        news=["now holds: user-http"],
    )
    report = markdown(found, DAY)
    assert report.startswith("# What upstream makes false on 2026-01-01\n")
    for line in (
        "| django | 5.2 | 7.0a1 |",
        "- `docs/a.md:6 (one/asgi.py)`: `a.py::one` and 1 more",
        "- `tests/a.py::two`: ValueError",
        "- docs/a.md:3: the number 16 is unbound; bind it",
        "- host does not hold with our router on uvicorn: 200",
        "- now holds: user-http",
    ):
        assert f"\n{line}\n" in report
    assert markdown(Drift(), DAY).endswith(
        "Every line holds, and the stock router does what is recorded.\n"
    )
    assert not Drift(versions={"django": ("5.2", "7.0a1")})


def test_each_snippet_that_a_test_uses_is_tried() -> None:
    used = ledger.read()["tests"]
    shows = {each.file for each in shown(ROOT)} & set(used)
    assert {file.partition("/")[0] for file in shows} >= {"chat", "clients", "security", "testing"}
    for file in shows:
        assert any(test.startswith(TESTS) for test in used[file]), file


def test_pytest_that_cannot_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="pytest ended with"):
        run_tests([str(tmp_path / "no_such_test.py")])


def test_what_fails_once_only_is_no_drift(tmp_path: Path) -> None:
    """A checkout of one test, which finds a busy machine the first time."""
    for name in ("tools", "snippets"):
        ignored = shutil.ignore_patterns("__pycache__", "node_modules")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--live', action='store_true')\n"
    )
    (tmp_path / "test_busy.py").write_text(
        "from pathlib import Path\n\n\n"
        "def test_once():\n"
        "    seen, again = Path('seen'), Path('seen').exists()\n"
        "    seen.touch()\n"
        "    assert again\n\n\n"
        "def test_never():\n"
        "    assert False, 'it is false'\n"
    )
    tests = run_tests(["test_busy.py"], tmp_path)
    assert failures(tests) == {"test_busy.py::test_never": "AssertionError: it is false"}
    assert tests["test_busy.py::test_once"]["outcome"] == "passed"


def copied(target: Path) -> Path:
    """A checkout that may be altered."""
    for name in ("docs", "snippets", "strawberry_django", "tests", "tools"):
        ignored = shutil.ignore_patterns("__pycache__", "node_modules")
        shutil.copytree(ROOT / name, target / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, target)
    return target


def alter(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def included(lines: dict[str, list[str]], root: Path, target: str) -> list[str]:
    """The pages that are named for a part of a snippet; each line named does include it."""
    pages = []
    for place in lines:
        page, line = place.partition(" ")[0].split(":")
        if place.endswith(f"({target})"):
            written = (root / page).read_text(encoding="utf-8").splitlines()[int(line) - 1]
            assert target in written
            pages.append(page)
    return pages


def test_a_false_snippet_is_found_in_a_run(tmp_path: Path) -> None:
    """A checkout in which a shown line is wrong."""
    copied(tmp_path)
    path = tmp_path / "snippets" / "custom_url_pattern" / "myproject" / "asgi.py"
    alter(path, '"^api/graphql"', '"^rpc/graphql"')
    test = "test_channels_router.py::test_the_custom_pattern_moves_graphql_on_both_protocols"
    tests = run_tests([f"tests/snippets/{test}"], tmp_path)
    assert failures(tests)
    target = "custom_url_pattern/myproject/asgi.py:router"
    assert len(included(false_lines(tests, tmp_path), tmp_path, target)) == 1


def test_a_client_that_fails_names_the_page_of_the_clients(tmp_path: Path) -> None:
    """A checkout in which a shown client asks at an address that is none."""
    copied(tmp_path)
    alter(tmp_path / "snippets" / "clients" / "chat_client.py", "/graphql", "/nothing")
    test = "tests/clients/test_gql.py::test_query_mutation_and_errors[uvicorn]"
    tests = run_tests([test], tmp_path)
    assert list(failures(tests)) == [test]
    lines = false_lines(tests, tmp_path)
    for part in ("ask", "listen"):
        target = f"clients/chat_client.py:{part}"
        assert included(lines, tmp_path, target) == ["docs/guide/clients.md"]


def test_clients_that_cannot_be_imported_name_their_page(tmp_path: Path) -> None:
    """A checkout whose tests import what the newest gql, say, no longer has."""
    copied(tmp_path)
    file = "tests/clients/test_gql.py"
    alter(tmp_path / file, "from gql import Client,", "from gql import OfOldClient as Client,")
    tests = run_tests([file], tmp_path)
    assert "OfOldClient" in failures(tests)[file]
    lines = false_lines(tests, tmp_path)
    assert included(lines, tmp_path, "clients/chat_client.py:ask") == ["docs/guide/clients.md"]


def test_a_day_without_drift_leaves_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "upstream.md"
    report.write_text("of another day")
    assert main([QUICK, "--claim", "mix", "--report", str(report)]) == 0
    assert "Every line holds" in capsys.readouterr().out
    assert not report.exists()


def test_prose_that_is_no_longer_so_is_told_and_red(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "docs" / "guide" / "clients.md"
    page.parent.mkdir(parents=True)
    page.write_text("It gives up after 77 seconds.\n")
    assert main([QUICK, "--claim", "mix", "--root", str(tmp_path)]) == 1
    assert "docs/guide/clients.md:1: the number 77 is unbound" in capsys.readouterr().out


def test_a_default_of_another_package_that_changes_names_the_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = BaseChannelLayer.MAX_NAME_LENGTH - 1
    monkeypatch.setattr(BaseChannelLayer, "MAX_NAME_LENGTH", 78)
    page = ROOT / "docs" / "guide" / "subscriptions.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    (line,) = [n for n, text in enumerate(lines, 1) if f"at most {before} characters" in text]
    told = "\n".join(false_prose())
    assert "docs/guide/subscriptions.md: does not say 'at most 77 characters'" in told
    assert f"docs/guide/subscriptions.md:{line}: the number {before} is unbound" in told


def test_a_default_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(BaseChannelLayer, "MAX_NAME_LENGTH")
    (told,) = false_prose()
    assert told.startswith("tools/prose/facts.py:")
    assert "at most {BaseChannelLayer.MAX_NAME_LENGTH - 1} characters" in told
    assert "AttributeError" in told


def test_drift_is_told_and_red(tmp_path: Path) -> None:
    """The stock router keeps what another record says that it does not."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    (mix,) = [claim for claim in record["claims"] if claim["name"] == "mix"]
    mix["stock"]["uvicorn"] = {"holds": False, "measured": "500"}
    other, report = tmp_path / "record.json", tmp_path / "upstream.md"
    other.write_text(json.dumps(record), encoding="utf-8")
    arguments = [QUICK, "--claim", "mix", "--report", str(report), "--record", str(other)]
    assert main(arguments) == 1
    assert "\n- now holds: mix on uvicorn (" in report.read_text(encoding="utf-8")
