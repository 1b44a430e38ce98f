"""Mutating what a page shows, in a small checkout with planted faults."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tools.harness import live
from tools.mutate import results, run, worker
from tools.mutate.__main__ import main

SNIPPET = """\
# --8<-- [start:double]
FACTOR = 2


def double(number):
    return FACTOR * number
# --8<-- [end:double]
"""
UNDEFENDED = SNIPPET.replace("FACTOR = 2", 'FACTOR = 2\nNAME = "nobody asks"')
TESTS = """
from tools.harness.projects import SNIPPETS


def test_double():
    space = {}
    exec((SNIPPETS / "sums/sums.py").read_text(), space)
    assert space["double"](2) == 4
    assert space["double"](3) == 6
"""
#: The second takes less time, and fails without the first.
IN_ORDER = """

ran = []


def test_slow():
    import time

    time.sleep(0.3)
    ran.append((SNIPPETS / "sums/sums.py").read_text())


def test_quick():
    assert (SNIPPETS / "sums/sums.py").read_text() in ran
"""
#: What a mutant leaves open is found after the last test.
LEAKING = """
import socket
from tools.harness.projects import SNIPPETS


def test_double():
    space = {}
    exec((SNIPPETS / "sums/sums.py").read_text(), space)
    if space["double"](3) != 6:
        cycle = [socket.socket()]
        cycle.append(cycle)
"""
RED = TESTS.replace("== 4", "== 5")
MODULE = "tests/guide/test_sums.py"
ENTRY = "[sums/sums.py: NAME = *]\nreason = Nobody asks.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with one page, one snippet and one test, which finds every mutant."""
    root = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__", "record.json", "allowlist.ini")
    for name in ("tools", "strawberry_django"):
        shutil.copytree(live.ROOT / name, root / name, ignore=ignored)
    for name in ("conftest", "settings", "schema", "urls"):
        write(root, f"tests/{name}.py", (live.ROOT / f"tests/{name}.py").read_text())
    write(root, "pyproject.toml", (live.ROOT / "pyproject.toml").read_text())
    write(root, "docs/sums.md", '```python\n--8<-- "sums/sums.py:double"\n```\n')
    write(root, "snippets/sums/sums.py", SNIPPET)
    write(root, MODULE, TESTS)
    return root


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def record(root: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((root / results.NAME).read_text())["parts"]
    return found


def test_with_every_mutant_killed_it_is_green_and_says_how_far_it_is(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--workers", "1"], root) == 0
    said = capsys.readouterr().out
    found = results.figures(root)["sums.md"]
    assert (found.lines, found.survivors, found.not_run) == (5, [], 0)
    assert found.mutants == found.killed > 5
    assert f"[{found.killed}/{found.killed}] killed {found.killed}, survived 0, 0 min left" in said
    assert (root / "snippets/sums/sums.py").read_text() == SNIPPET
    # What has been run need not be run again, until it changes.
    assert main(["sums", "snippets/sums/sums.py", "--changed"], root) == 0
    assert capsys.readouterr().out.startswith("0 mutants of 0 snippets")
    write(root, "snippets/sums/sums.py", SNIPPET.replace("2", "1 + 1"))
    found = results.figures(root)["sums.md"]
    assert (found.killed, found.not_run) == (0, found.mutants)


def test_a_line_that_no_test_defends_is_a_survivor_unless_it_is_allowed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root, "snippets/sums/sums.py", UNDEFENDED)
    assert main(["--workers", "1"], root) == 1
    survivor = 'docs/sums.md:2: snippets/sums/sums.py:3: NAME = "nobody asks" => (deleted)'
    assert survivor in capsys.readouterr().out
    assert len(results.figures(root)["sums.md"].survivors) == 3
    write(root, "tools/mutate/allowlist.ini", ENTRY)
    assert main(["--workers", "1", "--survivors"], root) == 0
    assert "0 mutants of 1 snippets" in capsys.readouterr().out
    killed = results.figures(root)["sums.md"].killed
    assert main(["--workers", "1"], root) == 0
    assert results.figures(root)["sums.md"].killed == killed
    assert results.figures(root)["sums.md"].allowlisted == 3
    assert main(["--workers", "1", "--all"], root) == 0
    assert results.figures(root)["sums.md"].allowlisted == 3


def test_what_its_entry_no_longer_allows_is_not_run(root: Path) -> None:
    write(root, "snippets/sums/sums.py", UNDEFENDED)
    write(root, "tools/mutate/allowlist.ini", ENTRY)
    assert main(["--workers", "1"], root) == 0
    assert main(["--figures"], root) == 0
    write(root, "tools/mutate/allowlist.ini", "")
    found = results.figures(root)["sums.md"]
    assert (found.allowlisted, found.not_run, found.survivors) == (0, 3, [])


def test_what_an_earlier_method_found_is_said_and_run_again(root: Path) -> None:
    assert main(["--workers", "1"], root) == 0
    path = root / results.NAME
    path.write_text(path.read_text().replace(f'"method": {results.METHOD}', '"method": 1'))
    found = results.figures(root)["sums.md"]
    assert found.earlier == found.killed == found.mutants
    assert main(["--workers", "1", "--changed"], root) == 0
    found = results.figures(root)["sums.md"]
    assert (found.earlier, found.killed) == (0, found.mutants)


def test_of_what_a_worthy_method_has_killed_only_what_is_new_is_run(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        root, "snippets/sums/sums.py", SNIPPET.replace("FACTOR * number", "pow(FACTOR * number, 1)")
    )
    assert main(["--workers", "1"], root) == 0
    path = root / results.NAME
    (part,) = results.parts(root)
    new = sum(mutant.since > results.WORTHY for mutant in results.mutants_of(root, part))
    assert new
    whole = results.figures(root)["sums.md"].killed
    text = path.read_text().replace(f'"method": {results.METHOD}', f'"method": {results.WORTHY}')
    path.write_text(text.replace(f'"killed": {whole}', f'"killed": {whole - new}'))
    found = results.figures(root)["sums.md"]
    assert (found.not_run, found.earlier) == (new, 0)
    capsys.readouterr()
    assert main(["--workers", "1", "--changed"], root) == 0
    assert capsys.readouterr().out.startswith(f"{new} mutants of 1 snippets")
    assert results.figures(root)["sums.md"].killed == whole
    assert main(["--changed"], root) == 0
    assert capsys.readouterr().out.startswith("0 mutants of 0 snippets")


def test_a_mutant_that_leaves_something_open_is_noticed(root: Path) -> None:
    write(root, MODULE, LEAKING)
    write(root, "snippets/sums/sums.py", SNIPPET.replace("FACTOR * number", "2 * number"))
    assert main(["--workers", "1"], root) == 1
    found = results.figures(root)["sums.md"]
    assert found.killed > 2
    assert all("FACTOR" in one for one in found.survivors)


def test_figures_that_lack_a_mutant_are_red(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workers", "1"], root) == 0
    assert main(["--figures"], root) == 0
    write(root, "snippets/sums/sums.py", SNIPPET.replace("2", "1 + 1"))
    assert main(["--figures"], root) == 1
    assert "nox -s mutate -- --changed" in capsys.readouterr().out


def test_the_record_of_the_guide_lacks_no_mutant_and_its_reasons_are_in_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--figures"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("entry", "arguments", "complaint"),
    [
        (ENTRY, ["--changed"], "names no mutant of what is shown"),
        (ENTRY, ["--figures"], "names no mutant of what is shown"),
        ("[sums/sums.py: FACTOR = 2 => *]\nreason =\n", ["--changed"], "has no reason"),
        ("[sums/sums.py: FACTOR = 2 => *]\nreason = Known.\n", ["--all"], "that the tests kill"),
    ],
    ids=["stale", "stale, in the figures", "without a reason", "not needed"],
)
def test_an_entry_that_is_stale_or_without_a_reason_is_red(
    root: Path,
    capsys: pytest.CaptureFixture[str],
    entry: str,
    arguments: list[str],
    complaint: str,
) -> None:
    write(root, "tools/mutate/allowlist.ini", entry)
    assert main(["--workers", "1", *arguments], root) == 1
    assert f"tools/mutate/allowlist.ini:1: {entry.partition(chr(10))[0]} " in (
        said := capsys.readouterr().out
    )
    assert complaint in said


def test_it_does_not_start_where_a_test_fails_without_it(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root, MODULE, RED)
    assert main(["--workers", "1"], root) == 2
    refused = f"These tests fail though nothing is mutated; mend them:\n  {MODULE}::test_double\n"
    assert refused in capsys.readouterr().err
    assert not (root / results.NAME).exists()
    write(root, MODULE, TESTS)
    assert main(["--workers", "1"], root) == 0


def test_it_does_not_start_where_tests_cannot_be_collected(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root, MODULE, f"import nothing_of_this_name\n{TESTS}")
    assert main(["--workers", "1"], root) == 2
    assert f"{MODULE} has no test that pytest can collect" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("log", "failed"),
    [
        ("FAILED tests/a.py::test_b[c-d] - assert 1", "tests/a.py::test_b[c-d]"),
        ("ERROR tests/a.py::test_b", "tests/a.py::test_b"),
        (
            "ERROR    strawberry_django.realtime:a.py:3 It fails\nFAILED a.py::test_b",
            "a.py::test_b",
        ),
        ("ERROR tests/a.py - ImportError", None),
    ],
)
def test_a_failed_test_is_told_from_a_line_of_a_log(log: str, failed: str | None) -> None:
    found = worker._FAILED.search(log)
    assert (found and found["test"]) == failed


def test_a_snippet_that_no_test_uses_has_survivors(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root, MODULE, "def test_nothing():\n    assert True\n")
    assert main(["--workers", "2"], root) == 1
    assert results.figures(root)["sums.md"].survivors


def test_a_page_that_is_not_there_is_an_error(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["product"], root)
    assert "neither a page with snippets nor one of them: product" in capsys.readouterr().err


def test_tests_that_need_their_order_kill_nothing_by_it(root: Path) -> None:
    write(root, "snippets/sums/sums.py", UNDEFENDED)
    write(root, MODULE, TESTS + IN_ORDER)
    assert main(["--workers", "1"], root) == 1
    assert len(results.figures(root)["sums.md"].survivors) == 3


def test_who_fails_late_and_only_once_is_no_killer(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "LATE_SECONDS", -1000)  # Whatever fails fails late.
    once = tmp_path / "once"
    text = TESTS.replace('space["double"]', 'space.get("double", abs)')
    text = text.replace("== 4", "== 4 or not fails_now()").replace(
        "== 6", "== 6 or not fails_now()"
    )
    text += f"""

def fails_now():
    from pathlib import Path

    first = not Path({str(once)!r}).exists()
    Path({str(once)!r}).touch()
    return first
"""
    write(root, MODULE, text)
    assert main(["--workers", "1"], root) == 1
    found = results.figures(root)["sums.md"]
    assert once.exists()  # A mutant was noticed, once.
    undefined = 5  # Those that use a name that nothing defines end the test each time.
    assert (found.killed, len(found.survivors)) == (undefined, found.mutants - undefined)


def test_a_time_that_ends_while_a_failure_is_told_of_ends_the_mutant_only(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "MORE_SECONDS", 1)
    slow = "def pytest_runtest_logreport(report):\n    time.sleep(5 * report.failed)\n"
    write(root, "tests/guide/conftest.py", f"import time\n\n\n{slow}")
    assert main(["--workers", "2"], root) == 0
    (part,) = record(root).values()
    assert isinstance(part, dict)
    assert (part["survived"], part["killed"]) == ([], results.figures(root)["sums.md"].mutants)
