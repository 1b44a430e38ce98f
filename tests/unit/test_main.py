from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from strawberry_django.realtime import snippets
from strawberry_django.realtime.__main__ import main
from tools.harness import live

ASGI = "asgi_routing/myproject/asgi.py"
Capture = pytest.CaptureFixture[str]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process without Django settings."""
    return subprocess.run(
        [sys.executable, "-m", "strawberry_django.realtime", *arguments],
        env=live.environment(),
        cwd=os.sep,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_runs_without_a_project() -> None:
    done = run("snippets", "show", f"{ASGI}#asgi")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == snippets.read(f"{ASGI}#asgi")


def test_the_command_tells_its_failure_by_its_exit_code() -> None:
    done = run("snippets", "show", "asgi")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "python -m strawberry_django.realtime: There is no snippet 'asgi'"
    )


def test_a_reader_that_goes_away_is_no_failure() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone, contextlib.redirect_stdout(gone):
        assert main(["snippets"]) == 0


@pytest.mark.parametrize("arguments", [["snippets"], ["snippets", "list"]])
def test_list_names_and_describes_every_snippet(arguments: list[str], capsys: Capture) -> None:
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [each.name for each in snippets.snippets()]
    [line] = [line for line in lines if line.startswith(ASGI)]
    assert line.endswith(snippets.find(ASGI)[0].description)
    assert all(line == line.rstrip() for line in lines)


def test_show_prints_one_snippet_as_it_is(capsys: Capture) -> None:
    assert main(["snippets", "show", ASGI]) == 0
    assert capsys.readouterr().out == snippets.read(ASGI)


@pytest.mark.parametrize(("subject", "least"), [("asgi_routing", 3), ("custom_routing", 2)])
def test_show_puts_names_above_several(subject: str, least: int, capsys: Capture) -> None:
    assert len(snippets.find(subject)) >= least
    assert main(["snippets", "show", subject]) == 0
    out = capsys.readouterr().out
    for each in snippets.find(subject):
        assert f"==> {each.name} <==\n{each.text}" in out


def test_copy_leaves_what_is_there(tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "asgi.py"
    target.write_text("mine")
    assert main(["snippets", "copy", ASGI, str(target)]) == 1
    assert "Nothing was written" in capsys.readouterr().err
    assert target.read_text() == "mine"
    assert main(["snippets", "copy", ASGI, str(target), "--force"]) == 0
    assert target.read_text() == snippets.read(ASGI)


def test_a_bad_name_is_told_its_neighbours(tmp_path: Path, capsys: Capture) -> None:
    assert main(["snippets", "copy", "asgi_rooting", str(tmp_path)]) == 2
    assert "Nearest: asgi_routing" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["snippet"], ["snippets", "show"]])
def test_a_command_that_is_not_understood_is_explained(
    arguments: list[str], capsys: Capture
) -> None:
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    assert exited.value.code == 2
    assert "usage: python -m strawberry_django.realtime" in capsys.readouterr().err
