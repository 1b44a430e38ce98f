"""What the newest of everything makes false is named by page and line, and else nothing is said."""

from __future__ import annotations

import datetime
import json
import re
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from channels.layers import BaseChannelLayer

from tests.guide.reference_claims.claims import CLAIMS
from tools import threats, verification
from tools.harness import live
from tools.harness.servers import SERVERS
from tools.matrix import ledger
from tools.shown import shown
from tools.stock.claims import CLAIMS as PROBED
from tools.stock.page import RECORD, digest
from tools.stock.site import ROUTERS
from tools.upstream import __main__ as command
from tools.upstream.__main__ import main
from tools.upstream.lines import REFERENCE_PAGE, claimed, false_lines, false_prose
from tools.upstream.report import Drift
from tools.upstream.threats import PAGE as SECURITY_PAGE
from tools.upstream.threats import SECTIONS, places
from tools.upstream.trial import TESTS, failures, run_tests

ROOT = live.ROOT
SHOWN = "custom_url_pattern/myproject/asgi.py"
QUICK = "tests/guide/reference_claims/test_see_also.py"


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
    for name in (SECURITY_PAGE, "tools/threats.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        text = (ROOT / name).read_text(encoding="utf-8")
        # The page without its blocks: their snippets are not there.
        path.write_text(re.sub(r"(?ms)^```.*?^```$", "", text), encoding="utf-8")
    return tmp_path


def test_a_failed_test_names_the_lines_that_show_what_it_used(checkout: Path) -> None:
    tests = {
        "tests/guide/test_a.py::test_one": outcome("one/asgi.py", "one/hidden.py"),
        "tests/guide/test_a.py::test_two": outcome("two/asgi.py", failed=False),
    }
    assert false_lines(tests, checkout) == {
        "docs/a.md:6 (one/asgi.py)": ["tests/guide/test_a.py::test_one"],
        "docs/integrations/channels.md:4 (one/asgi.py:part)": ["tests/guide/test_a.py::test_one"],
    }
    assert failures(tests) == {"tests/guide/test_a.py::test_one": "AssertionError"}


def test_a_failed_test_of_a_sentence_names_the_section_that_says_it(checkout: Path) -> None:
    sentence = CLAIMS[0]
    name = f"tests/guide/reference_claims/test_overview.py::{sentence.test}[uvicorn]"
    assert false_lines({name: outcome()}, checkout) == {
        f"docs/integrations/channels.md:1 ({sentence.text})": [name]
    }


def test_each_sentence_of_the_reference_has_its_section_in_the_guide() -> None:
    places = claimed()
    assert {claim.text for claim in CLAIMS if not places.get(claim.test)} == set()


def numbered(place: str, root: Path) -> str:
    """The line of a page that a place is about."""
    page, _, number = place.partition(" ")[0].partition(":")
    return (root / page).read_text(encoding="utf-8").splitlines()[int(number) - 1]


@pytest.mark.parametrize(
    ("test", "sentence"),
    [
        ("test_bodies.py::test_a_long_body_is_a_413[uvicorn]", "A body over `DATA_UPLOAD_MAX"),
        ("test_origin.py::test_without_an_origin_nobody_comes_in", "- A handshake without `Orig"),
        ("test_errors.py::test_a_server_that_stops_says_so[daphne]", "When the server stops, "),
        ("test_errors.py::test_a_reason_fits_its_frame[daphne]", "## Errors"),
    ],
)
def test_a_failed_attack_names_the_sentence_and_the_table(
    checkout: Path, test: str, sentence: str
) -> None:
    name = f"tests/live/{test}"
    lines = false_lines({name: outcome()}, checkout)
    assert all(
        names == [name] and place.startswith(SECURITY_PAGE) for place, names in lines.items()
    )
    first, table = (numbered(place, checkout) for place in lines)
    assert first.startswith(sentence)
    assert table == "<!-- threats -->"


@pytest.mark.parametrize(
    "name", ["tests/live/test_pings.py", "tests/live/test_pings.py::test_of_no_threat"]
)
def test_attacks_that_no_row_knows_name_their_section(checkout: Path, name: str) -> None:
    (place,) = false_lines({name: outcome()}, checkout)
    assert place.endswith(" (Slow and dead clients)")
    assert numbered(place, checkout) == "### Slow and dead clients"


def test_each_attack_has_its_place_on_the_page() -> None:
    files = (ROOT / threats.TESTS).glob("test_*.py")
    assert {path.name for path in files} == set(SECTIONS)
    rows = json.loads(threats.RECORD.read_text(encoding="utf-8"))["rows"]
    found = places(ROOT)
    assert {test for row in rows for test in row["tests"]} <= set(found)
    assert all(numbered(place, ROOT) for its in found.values() for place in its)


def test_a_test_that_shows_nothing_is_told_all_the_same(checkout: Path) -> None:
    tests = {"tests/guide/test_a.py": outcome()}
    assert false_lines(tests, checkout) == {}
    assert Drift(failed=failures(tests))


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
    tests = run_tests([f"tests/guide/{test}"], tmp_path)
    assert failures(tests)
    target = "custom_url_pattern/myproject/asgi.py:router"
    assert len(included(false_lines(tests, tmp_path), tmp_path, target)) == 1


def test_a_client_that_fails_names_the_page_of_the_clients(tmp_path: Path) -> None:
    """A checkout in which a shown client asks at an address that is none."""
    copied(tmp_path)
    alter(tmp_path / "snippets" / "clients" / "chat_client.py", "/graphql", "/nothing")
    test = "tests/live/clients/test_gql.py::test_query_mutation_and_errors[uvicorn]"
    tests = run_tests([test], tmp_path)
    assert list(failures(tests)) == [test]
    lines = false_lines(tests, tmp_path)
    for part in ("ask", "listen"):
        target = f"clients/chat_client.py:{part}"
        assert included(lines, tmp_path, target) == ["docs/guide/clients.md"]


def test_clients_that_cannot_be_imported_name_their_page(tmp_path: Path) -> None:
    """A checkout whose tests import what the newest gql, say, no longer has."""
    copied(tmp_path)
    file = "tests/live/clients/test_gql.py"
    alter(tmp_path / file, "from gql import Client,", "from gql import OfOldClient as Client,")
    tests = run_tests([file], tmp_path)
    assert "OfOldClient" in failures(tests)[file]
    lines = false_lines(tests, tmp_path)
    assert included(lines, tmp_path, "clients/chat_client.py:ask") == ["docs/guide/clients.md"]


def test_an_attack_that_gets_through_names_the_page_on_security(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout whose library lets in whom it should not, and is the one that is asked."""
    monkeypatch.setattr(live, "is_live", lambda: True)
    copied(tmp_path)
    path = tmp_path / "strawberry_django" / "realtime" / "security.py"
    alter(path, "        return str(error)\n", "        return None\n")
    test = "tests/live/test_host.py::test_a_foreign_host_is_a_400"
    tests = run_tests([test, "-k", "uvicorn"], tmp_path)
    assert failures(tests)
    named = {numbered(place, tmp_path) for place in false_lines(tests, tmp_path)}
    assert any(line.startswith("- A request for a host that is not in") for line in named)


def test_a_day_without_drift_leaves_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "upstream.md"
    report.write_text("of another day")
    arguments = [QUICK, "--claim", "mix", "--claim", "user-http", "--report", str(report)]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "Every line holds" in told
    assert "\n1 of 2 sentences that were measured are false.\n" in told
    assert f"\n- {PROBED['user-http'].says} (user-http): " in told
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
    arguments = [QUICK, "--claim", "mix", "--report", str(report), "--before", str(other)]
    assert main(arguments) == 1
    assert "\n- now holds: mix on uvicorn (" in report.read_text(encoding="utf-8")


def planted(
    monkeypatch: pytest.MonkeyPatch,
    *,
    broken: str = "",
    unknown: str = "",
    servers: tuple[str, ...] = ("uvicorn",),
) -> None:
    """Have the parts of a run find a failed test, false prose and a claim that nobody keeps."""
    answers: dict[str, bool | None] = {**dict.fromkeys(PROBED, True), broken: False, unknown: None}
    results = {
        name: {
            router: {server: {"holds": answers[name], "measured": "seen"} for server in servers}
            for router in ROUTERS
        }
        for name in PROBED
    }
    tests = {"tests/a.py::one": outcome(SHOWN), "tests/a.py::two": outcome(failed=False)}
    tests["tests/a.py::three"] = {"outcome": "skipped", "seconds": 0, "files": []}
    monkeypatch.setattr(command, "run_tests", lambda _: tests)
    monkeypatch.setattr(command, "measure", lambda *_, **__: results)
    monkeypatch.setattr(command, "false_prose", lambda _: ["docs/a.md:3: 16 is unbound"])


def test_the_figures_of_a_run_are_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, broken="mix")
    path, before = tmp_path / verification.UPSTREAM, tmp_path / "before.json"
    path.parent.mkdir()
    failed = {"uvicorn": {"holds": False, "measured": "500"}}
    failing = {"name": "redis", "says": "Use Redis", "stock": failed}
    before.write_text(json.dumps({"claims": [failing]}), encoding="utf-8")
    arguments = ["--root", str(tmp_path), "--before", str(before)]
    assert main(arguments) == 1
    assert not path.exists()
    assert main([*arguments, "--record"]) == 1
    record = json.loads(path.read_text(encoding="utf-8"))
    shows = {f"docs/{each.page}:{each.line}" for each in shown(ROOT) if each.file == SHOWN}
    docs = sorted((ROOT / "docs").rglob("*.md"))
    says = [
        f"{page.relative_to(ROOT)}:{number}"
        for page in docs
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"<!-- stock: not .*\bredis\b(?!-)", line)
    ]
    assert shows
    assert says
    assert datetime.date.fromisoformat(record.pop("date"))
    assert record.pop("versions")["Django"] == version("Django")
    assert record == {
        "servers": ["uvicorn"],
        "passed": 1,
        "failed": 1,
        "lines": len({*shows, *says}),
        "prose": 1,
        "promises": 1,
        "stock": {"false": 1, "of": sum(one.kind == "documented" for one in PROBED.values())},
        "expected": {"false": 0, "of": sum(one.kind == "expected" for one in PROBED.values())},
    }
    assert verification._upstream(tmp_path).startswith("1 tests passed, 1 failed; ")


def kept_before(root: Path) -> tuple[Path, list[str]]:
    """A record that says that redis fails, and the arguments that have it compared and replaced."""
    path = root / RECORD.relative_to(ROOT)
    path.parent.mkdir(parents=True)
    failing = {"name": "redis", "says": "Use Redis", "kind": "documented"}
    seen = {"uvicorn": {"holds": False, "measured": "500"}}
    path.write_text(json.dumps({"claims": [{**failing, "stock": seen}]}), encoding="utf-8")
    return path, ["--record", "--root", str(root), "--before", str(path)]


def test_a_full_run_is_recorded_for_the_page_that_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planted(monkeypatch, servers=SERVERS)
    path, arguments = kept_before(tmp_path)
    main([*arguments, "--full"])
    told = capsys.readouterr().out
    assert "- now holds: redis on uvicorn (" in told
    assert f"{path} is written" in told
    record = json.loads(path.read_text(encoding="utf-8"))
    assert [claim["name"] for claim in record["claims"]] == [*PROBED]
    assert all({*claim["stock"], *claim["ours"]} == {*SERVERS} for claim in record["claims"])
    assert record["digest"] == digest()
    assert record["versions"]["Django"] == version("Django")
    main([*arguments, "--full"])
    assert "now holds" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({}, "daphne was not asked everything; add --full"),
        (
            {"servers": SERVERS, "broken": "mix"},
            "mix does not hold with our router on hypercorn: seen",
        ),
        (
            {"servers": SERVERS, "unknown": "redis"},
            "redis was not measured with the stock router on daphne: seen",
        ),
    ],
    ids=["one server", "a promise", "unknown"],
)
def test_what_is_not_whole_is_not_recorded_for_the_page(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: dict[str, Any],
    said: str,
) -> None:
    planted(monkeypatch, **fault)
    path, arguments = kept_before(tmp_path)
    before = path.read_bytes()
    main(arguments)
    assert path.read_bytes() == before
    told = capsys.readouterr().out
    assert f"{path} is left as it was:" in told
    assert said in told


@pytest.mark.parametrize("some", [[QUICK], ["--claim", "mix"]], ids=["tests", "claims"])
def test_a_part_of_a_run_is_not_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], some: list[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--root", str(tmp_path), "--record", *some])
    assert "--record wants all tests and all claims" in capsys.readouterr().err
    assert not (tmp_path / verification.UPSTREAM).exists()
