"""The matrix: which cells there are, what they run in, and what is kept of a run."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.matrix import __main__ as command
from tools.matrix import cells, environments, interpreters, ledger, tables, trial
from tools.shown import shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
FILE = "chat/chat.js"
DIGESTS = {FILE: "d1", "chat/schema.py:query": "d2", "chat/urls.py": "d3"}


def used(*tests: tuple[str, str, str]) -> trial.Uses:
    """Tests, each with its outcome and the file that it uses."""
    return {
        name: {"outcome": outcome, "files": [file], "seconds": 1.0}
        | ({"reason": f"because {name}"} if outcome != "passed" else {})
        for name, outcome, file in tests
    }


PASSING = used(("t/a.py::one", "passed", FILE), ("t/b.py::two", "passed", "chat/schema.py"))


def run(uses: trial.Uses, error: str = "") -> ledger.Run:
    return trial.run_of(uses, {"python": "3.11.7", "django": "5.2.19"}, {}, 3.0, error)


def merged(kept: ledger.Ledger, cell: str, uses: trial.Uses, error: str = "") -> ledger.Run:
    done = run(uses, error)
    ledger.merge(kept, cell, done, uses, DIGESTS)
    return done


# Cells


def test_there_is_a_cell_for_each_django_that_a_python_runs() -> None:
    names = [cell.name for cell in cells.ALL]
    assert len(names) == len(set(names))
    assert {"3.10 5.2 lowest", "3.11 5.2 newest", "3.12 6.0 lowest", "3.13 6.1 newest"} <= {*names}
    assert not {"3.10 6.0 newest", "3.11 6.1 newest"} & {*names}


def test_words_choose_and_words_of_one_kind_are_alternatives() -> None:
    assert [cell.name for cell in cells.select(["3.11", "5.2", "newest"])] == ["3.11 5.2 newest"]
    assert [cell.name for cell in cells.select(["3.12", "6.0", "6.1", "lowest"])] == [
        "3.12 6.0 lowest",
        "3.12 6.1 lowest",
    ]


def test_without_words_it_is_this_python_and_all_only_when_asked() -> None:
    assert {cell.python for cell in cells.select([])} == {cells.this_python()}
    assert cells.select([], everything=True) == list(cells.ALL)


@pytest.mark.parametrize(
    ("words", "said"),
    [(["2.7"], "'2.7' is no Python, Django or end"), (["3.10", "6.1"], "no cell 3.10 6.1")],
)
def test_a_word_that_chooses_nothing_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(LookupError, match=said):
        cells.select(words)


# Interpreters


def test_this_python_is_found() -> None:
    assert interpreters.find(cells.this_python()) is not None


def script(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_name_that_does_not_start_is_passed_over(tmp_path: Path) -> None:
    shim = script(tmp_path / "shims/python3.99", "exit 127")
    other = script(tmp_path / "other/python3.99", "echo 3.98 final")
    old = script(tmp_path / "pyenv/versions/3.99.2/bin/python3.99", "echo 3.99 final")
    new = script(tmp_path / "pyenv/versions/3.99.10/bin/python3.99", "echo 3.99 final")
    env = {
        "PATH": os.pathsep.join([str(shim.parent), str(other.parent)]),
        "PYENV_ROOT": str(tmp_path / "pyenv"),
    }
    assert interpreters.find("3.99", env) == new
    new.write_text("#!/bin/sh\necho 3.99 beta\n", encoding="utf-8")
    assert interpreters.find("3.99", env) == old


def test_a_python_that_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    missing = cells.Cell("3.99", "5.2", "newest")
    assert not command.run([missing], tmp_path, [], tmp_path / "ledger.json")
    assert "Python 3.99 was not found (this Python, the PATH, pyenv" in capsys.readouterr().out
    assert not (tmp_path / "ledger.json").exists()


# Environments


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def test_the_bounds_are_those_of_the_project() -> None:
    found = environments.requirements(project())
    assert {environments.normal(one) for one in found} == set(cells.VARIED)
    # What an older Python lacks is not varied.
    assert {one for one in project()["project"]["dependencies"] if ";" not in one} <= set(found)


def test_a_distribution_without_a_lower_bound_is_refused() -> None:
    metadata = project()
    metadata["project"]["dependencies"].remove("channels>=4.3")
    with pytest.raises(environments.InstallError, match="no lower bound for channels"):
        environments.requirements(metadata)


# The ledger


def test_a_run_tells_of_each_snippet_that_a_test_uses() -> None:
    kept = ledger.empty()
    done = merged(kept, "3.11 5.2 newest", PASSING)
    assert done["snippets"] == {FILE: "d1 passed", "chat/schema.py:query": "d2 passed"}
    assert kept["tests"] == {FILE: {"t/a.py": 1}, "chat/schema.py": {"t/b.py": 1}}
    assert (done["passed"], done["failed"], done["skipped"]) == (2, 0, 0)


def test_a_failing_test_is_kept_with_its_reason() -> None:
    kept = ledger.empty()
    uses = {**PASSING, **used(("t/a.py::bad", "failed", FILE), ("t/c.py::x", "skipped", FILE))}
    done = merged(kept, "3.11 5.2 newest", uses)
    assert ledger.outcome(done, FILE, "d1") == "failed"
    assert ledger.outcome(done, "chat/schema.py:query", "d2") == "passed"
    assert ledger.reasons(done, FILE) == [("t/a.py::bad", "because t/a.py::bad")]
    assert done["skips"] == {"t/c.py::x": "because t/c.py::x"}
    assert "<td>because t/a.py::bad</td><td>3.11 5.2 newest</td>" in tables.failures(kept)


def test_what_was_only_skipped_is_not_passed() -> None:
    done = merged(ledger.empty(), "3.11 5.2 newest", used(("t/a.py::one", "skipped", FILE)))
    assert ledger.outcome(done, FILE, "d1") == "skipped"


def test_a_skipped_test_is_not_hidden_by_one_that_passed() -> None:
    kept = ledger.empty()
    uses = {**PASSING, **used(("t/c.py::x", "skipped", FILE))}
    done = merged(kept, "3.11 5.2 newest", uses)
    assert ledger.outcome(done, FILE, "d1") == "skipped"
    assert ledger.outcome(done, "chat/schema.py:query", "d2") == "passed"
    assert ledger.skips(kept, "3.11 5.2 newest", FILE) == [("t/c.py::x", "because t/c.py::x")]
    assert ledger.skips(kept, "3.11 5.2 newest", "chat/schema.py") == []


@pytest.mark.parametrize("name", ["t/c.py", "t/c.py::x"])
def test_a_test_that_is_skipped_before_it_opens_anything_counts_for_its_file(name: str) -> None:
    kept = ledger.empty()
    merged(kept, "3.10 5.2 lowest", {**PASSING, **used(("t/c.py::x", "passed", FILE))})
    skip = {name: {"outcome": "skipped", "files": [], "seconds": 0.0, "reason": "no browser"}}
    done = merged(kept, "3.11 5.2 newest", {**PASSING, **skip})
    assert ledger.outcome(done, FILE, "d1") == "skipped"
    assert ledger.outcome(done, "chat/schema.py:query", "d2") == "passed"
    assert ledger.skips(kept, "3.11 5.2 newest", FILE) == [(name, "no browser")]
    assert kept["tests"][FILE] == {"t/a.py": 1, "t/c.py": 1}


def test_a_file_of_tests_that_does_not_load_fails_its_snippets() -> None:
    kept = ledger.empty()
    merged(kept, "3.11 5.2 newest", PASSING)
    broken = {"t/a.py": {"outcome": "failed", "files": [], "seconds": 0.0, "reason": "no module"}}
    done = merged(kept, "3.12 6.1 newest", {**used(("t/b.py::two", "passed", "x")), **broken})
    assert ledger.outcome(done, FILE, "d1") == "failed"


def test_a_cell_that_cannot_be_installed_fails_with_the_reason() -> None:
    kept = ledger.empty()
    merged(kept, "3.11 5.2 newest", PASSING)
    done = merged(kept, "3.12 6.1 newest", {}, error="no solution found\nfor daphne")
    assert done["snippets"] == {FILE: "d1 failed", "chat/schema.py:query": "d2 failed"}
    assert ledger.reasons(done, FILE) == [("", "no solution found")]
    assert "no solution found" in tables.failures(kept)
    assert kept["tests"][FILE] == {"t/a.py": 1}


def test_a_run_leaves_the_other_cells_alone(tmp_path: Path) -> None:
    kept = ledger.empty()
    merged(kept, "3.13 5.2 newest", PASSING)
    first = json.dumps(kept["cells"]["3.13 5.2 newest"])
    merged(kept, "3.10 5.2 lowest", used(("t/a.py::one", "failed", FILE)))
    path = tmp_path / "ledger.json"
    ledger.write(kept, path)
    again = ledger.read(path)
    assert json.dumps(again["cells"]["3.13 5.2 newest"]) == first
    assert list(again["cells"]) == ["3.10 5.2 lowest", "3.13 5.2 newest"]
    assert ledger.read(tmp_path / "none.json") == ledger.empty()


def test_a_changed_snippet_is_no_longer_passed() -> None:
    kept = ledger.empty()
    done = merged(kept, "3.11 5.2 newest", PASSING)
    assert ledger.outcome(done, FILE, "d9") == "changed"
    assert ledger.outcome(done, "chat/urls.py", "d3", kept["tests"]) == "untested"
    block = [(FILE, "d1"), ("chat/schema.py:query", "d9")]
    assert ledger.outcomes(kept, block) == {"3.11 5.2 newest": "changed"}


def test_a_cell_is_verified_only_if_each_part_passed_as_it_is() -> None:
    kept = ledger.empty()
    later = {**PASSING, **used(("t/c.py::x", "passed", "chat/urls.py"))}
    merged(kept, "3.10 5.2 lowest", PASSING)
    merged(kept, "3.10 5.2 newest", later)
    merged(kept, "3.11 5.2 lowest", {**later, **used(("t/d.py::x", "skipped", FILE))})
    merged(kept, "3.11 5.2 newest", {**later, **used(("t/d.py::x", "failed", "none"))})
    merged(kept, "3.12 5.2 newest", {}, error="no solution found")
    assert ledger.verdicts(kept, DIGESTS.items()) == {
        "3.10 5.2 lowest": ("outdated", 1),
        "3.10 5.2 newest": ("verified", 3),
        "3.11 5.2 lowest": ("skipped", 1),
        "3.11 5.2 newest": ("failed", 0),
        "3.12 5.2 newest": ("failed", 3),
    }
    before = kept["cells"]["3.10 5.2 lowest"]
    assert ledger.outcome(before, "chat/urls.py", "d3", kept["tests"]) == "later"
    assert ledger.outcomes(kept, [("chat/urls.py", "d3")])["3.10 5.2 lowest"] == "later"
    changed = ledger.verdicts(kept, {**DIGESTS, FILE: "d9"}.items())
    assert [changed[name] for name in ("3.10 5.2 lowest", "3.10 5.2 newest")] == [
        ("outdated", 2),
        ("outdated", 1),
    ]


def test_the_committed_ledger_tells_of_cells_and_files_that_there_are() -> None:
    kept = ledger.read()
    assert set(kept["cells"]) <= {cell.name for cell in cells.ALL}
    for file, tests in kept["tests"].items():
        assert (ROOT / "snippets" / file).is_file()
        assert all((ROOT / test).is_file() for test in tests)
    for run_ in kept["cells"].values():
        assert run_["passed"] or run_["error"]
        assert set(run_["versions"]) == {"python", *trial.TOLD}


# A cell, from its environment to the ledger

TESTS = """
from pathlib import Path
from tools.harness.projects import SNIPPETS

def test_fine():
    assert (SNIPPETS / "settings/myproject/settings.py").read_text()

def test_busy():
    seen = Path(__file__).with_name("seen")
    before = seen.exists()
    seen.touch()
    assert before, "not yet"

def test_fails():
    assert not (SNIPPETS / "chat/myproject/urls.py").read_text(), "not as expected"
"""


class Installed(environments.Environment):
    """An environment that is there already: this one."""

    def make(self, interpreter: Path, wheel: Path) -> dict[str, str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.python = Path(sys.executable)
        return self.versions()

    def versions(self) -> dict[str, str]:
        marker = self.folder / "changed"
        return {"django": "6.0" if marker.exists() else "5.2.19", "python": "3.11.7"}


def attempt(folder: Path, text: str) -> tuple[ledger.Run, trial.Uses, list[str]]:
    (folder / "tools").symlink_to(ROOT / "tools")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:django\n", encoding="utf-8")
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    place = Installed(folder, cells.ALL[0], folder / "cell")
    said: list[str] = []
    python = Path(sys.executable)
    done, uses = trial.attempt(place, python, Path("x.whl"), ["test_it.py"], said.append)
    return done, uses, said


def test_what_fails_is_asked_once_more_and_told_with_its_reason(tmp_path: Path) -> None:
    done, uses, said = attempt(tmp_path, TESTS)
    assert (done["passed"], done["failed"], done["error"]) == (2, 1, "")
    failure = done["failures"]["test_it.py::test_fails"]
    assert failure["reason"].startswith("AssertionError: not as expected")
    assert failure["files"] == ["chat/myproject/urls.py"]
    (name,) = done["again"]
    assert name == "test_it.py::test_busy"
    assert uses["test_it.py::test_fine"]["files"] == ["settings/myproject/settings.py"]
    assert "2 failed and are asked once more" in said
    assert "100 %" in said


def test_a_file_that_does_not_load_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    done, _, _ = attempt(tmp_path, "import nothing_of_that_name\n")
    reason = done["failures"]["test_it.py"]["reason"]
    assert reason == "ModuleNotFoundError: No module named 'nothing_of_that_name'"


def test_a_pytest_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("raise SystemExit(7)\n", encoding="utf-8")
    done, uses, _ = attempt(tmp_path, TESTS)
    assert done["error"].startswith("pytest ended with code")
    assert not uses


def test_tests_that_change_what_is_installed_are_no_proof(tmp_path: Path) -> None:
    text = "from pathlib import Path\ndef test_it():\n    Path('cell/changed').touch()\n"
    done, _, _ = attempt(tmp_path, text)
    assert done["error"] == "the tests changed what is installed: django"


def test_the_digests_are_of_what_the_pages_show() -> None:
    assert command.digests() == {one.target: one.digest for one in shown(ROOT)}
