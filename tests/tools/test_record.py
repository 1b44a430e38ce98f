from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tools.record import main
from tools.recording import _READ
from tools.scenarios import scenario

ROOT = Path(__file__).resolve().parents[2]
TARGET = "subject/recorded/answer.txt"

MODULE = """\
from pathlib import Path

from tools.scenarios import scenario

RUNS = Path({runs!r})


@scenario("subject/recorded/answer.txt")
def answer(folder):
    with RUNS.open("a") as runs:
        runs.write("answer\\n")
    source = Path({root!r}, "snippets/subject/answer.txt")
    return source.read_text() + f"in {{folder}}/project on http://127.0.0.1:54321"


@scenario("subject/recorded/one.txt", "subject/recorded/two.txt")
def pair(folder):
    return {{"subject/recorded/one.txt": "1", "subject/recorded/two.txt": "2"}}
"""


class Tree:
    """A small checkout with two scenarios; the first notes down each time it runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs = root / "runs"
        self.write("snippets/subject/answer.txt", "Hello, ada!\n")
        self.write("tools/scenarios/subject.py", MODULE.format(runs=str(self.runs), root=str(root)))

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def read(self, target: str) -> str:
        return (self.root / "snippets" / target).read_text(encoding="utf-8")

    def add(self, text: str) -> None:
        self.write("tools/scenarios/more.py", f"from tools.scenarios import scenario\n\n{text}")

    def record(self, *arguments: str) -> int:
        return main(["--root", str(self.root), *arguments])

    def count(self) -> int:
        return len(self.runs.read_text().splitlines())


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_it_writes_recordings_and_shows_what_changed(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tree.record() == 0
    assert tree.read(TARGET) == "Hello, ada!\nin /home/ada/project on http://127.0.0.1:8000\n"
    assert tree.read("subject/recorded/one.txt") == "1\n"
    shown = capsys.readouterr().out
    assert f"snippets/{TARGET}: recorded by subject.answer" in shown
    assert "--- /dev/null" in shown
    assert "+Hello, ada!" in shown
    assert "3 recordings of 2 scenarios (0 unchanged since their last run): 3 rewritten" in shown


def test_a_fresh_recording_passes_the_check(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    tree.record()
    assert tree.record("--check") == 0
    assert "(2 unchanged since their last run): 0 stale, 0 problems" in capsys.readouterr().out


def test_a_stale_recording_fails_with_its_difference_and_the_command(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    tree.record()
    tree.write("snippets/subject/answer.txt", "Hello, grace!\n")
    capsys.readouterr()
    assert tree.record("--check") == 1
    shown = capsys.readouterr().out
    assert f"snippets/{TARGET}: stale" in shown
    assert "if the change is right: nox -s docs -- record subject.answer\n" in shown
    assert "-Hello, ada!\n+Hello, grace!\n" in shown
    assert tree.read(TARGET).startswith("Hello, ada!")


def test_a_recording_changed_by_hand_fails(tree: Tree) -> None:
    tree.record()
    tree.write(f"snippets/{TARGET}", "Hello, everybody!\n")
    assert tree.record("--check") == 1
    assert tree.record("subject.answer") == 0
    assert tree.read(TARGET).startswith("Hello, ada!")


def test_a_missing_recording_fails(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    tree.record()
    (tree.root / "snippets" / TARGET).unlink()
    assert tree.record("--check") == 1
    assert f"snippets/{TARGET}: stale" in capsys.readouterr().out


def test_a_recording_that_nothing_makes_fails(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    tree.record()
    tree.write("snippets/subject/recorded/old.txt", "old\n")
    assert tree.record("--check") == 1
    assert "snippets/subject/recorded/old.txt: no scenario records it" in capsys.readouterr().out


def test_nothing_runs_while_nothing_changes(tree: Tree) -> None:
    tree.record()
    tree.record("--check")
    tree.record()
    assert tree.count() == 1
    tree.record("--fresh")
    assert tree.count() == 2


@pytest.mark.parametrize(
    "path",
    [
        "snippets/subject/answer.txt",
        "strawberry_django/realtime/conf.py",
        "tools/harness/servers.py",
        "tools/scenarios/_shared.py",
        "tools/demo.py",
        "tools/markers.py",
        "constraints.txt",
        "tests/live/clients/package-lock.json",
    ],
)
def test_a_change_of_what_goes_in_runs_it_again(tree: Tree, path: str) -> None:
    tree.record()
    tree.write(path, "Hello, grace!\n")
    tree.record("--check")
    assert tree.count() == 2


def test_what_scenarios_import_goes_in() -> None:
    known = {"harness", "scenarios", "normalise", "transcripts"}
    known |= {Path(name).stem for name in _READ}
    folders = (ROOT / "tools" / name for name in ("scenarios", "harness"))
    paths = [ROOT / "tools/demo.py", *(path for one in folders for path in one.glob("*.py"))]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tools"):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                assert {name.split(".")[1] for name in names} <= known, path


def test_a_failed_scenario_is_reported_and_the_others_go_on(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    tree.add('@scenario("a/recorded/x")\ndef broken(folder):\n    raise OSError("no server")\n')
    assert tree.record() == 1
    shown = capsys.readouterr().out
    assert "more.broken: the scenario failed, nothing was recorded" in shown
    assert "OSError: no server" in shown
    assert tree.read(TARGET)


def test_a_scenario_must_return_what_it_promised(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    tree.add('@scenario("a/recorded/x")\ndef other(folder):\n    return {"a/recorded/y": ""}\n')
    assert tree.record() == 1
    promise = "more.other promised ['a/recorded/x'] and returned ['a/recorded/y']"
    assert promise in capsys.readouterr().out


def test_two_scenarios_cannot_record_one_file(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    tree.add(f'@scenario("{TARGET}")\ndef again(folder):\n    return ""\n')
    assert tree.record() == 2
    assert f"{TARGET} is recorded by both more.again and subject.answer" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["subject.pair", "subject/recorded/one.txt", "snippets/subject/recorded/two.txt"]
)
def test_a_scenario_can_be_named(tree: Tree, name: str) -> None:
    assert tree.record(name) == 0
    assert tree.read("subject/recorded/two.txt") == "2\n"
    assert not tree.runs.exists()


def test_a_module_or_subject_names_all_of_its_scenarios(tree: Tree) -> None:
    tree.add('@scenario("a/recorded/x")\ndef other(folder):\n    return "x"\n')
    assert tree.record("subject") == 0
    assert tree.read(TARGET)
    assert not (tree.root / "snippets/a").exists()
    assert tree.record("a") == 0
    assert tree.read("a/recorded/x") == "x\n"


def test_an_unknown_name_lists_the_known(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    assert tree.record("nothing") == 2
    known = "no scenario is called 'nothing'; there are: subject.answer, subject.pair"
    assert known in capsys.readouterr().out


def test_two_recorders_may_run_at_once(tree: Tree) -> None:
    command = [sys.executable, "-m", "tools.record", "--root", str(tree.root)]
    processes = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    for process in processes:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output.decode()
    assert tree.record("--check") == 0
    left = [path.name for path in tree.root.rglob("*") if path.name.startswith(".answer")]
    assert left == []


@pytest.mark.parametrize("target", ["answer.txt", "subject/answer.txt", "subject/recorded/../x"])
def test_a_recording_has_its_place(target: str) -> None:
    with pytest.raises(ValueError, match="expected '<subject>/recorded/<file>'"):
        scenario(target)
