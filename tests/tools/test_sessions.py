"""The pages and workflows name the sessions of nox that there are, and leave none out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.harness import live
from tools.prose.sessions import defined, named

NOXFILE = live.ROOT / "noxfile.py"
COMMANDS = [live.ROOT / "README.md", live.ROOT / "CONTRIBUTING.md"]
WORKFLOWS = sorted((live.ROOT / ".github/workflows").glob("*.yml"))
TEXTS = [*COMMANDS, *sorted((live.ROOT / "docs").rglob("*.md")), *WORKFLOWS]


def text(paths: list[Path]) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def unnamed(sessions: set[str], told: str) -> set[str]:
    """Return the sessions that a text leaves out."""
    return sessions - set(named(told))


def unknown(sessions: set[str], told: str) -> set[str]:
    """Return what a text names as sessions and are none."""
    return set(named(told)) - sessions


def test_the_readme_or_the_contributing_page_names_each_session() -> None:
    assert unnamed(defined(NOXFILE), text(COMMANDS)) == set()


def test_a_session_that_is_left_out_is_found() -> None:
    told = text(COMMANDS)
    assert "nox -s lock" in told
    assert unnamed(defined(NOXFILE), told.replace("nox -s lock", "nox -s docs")) == {"lock"}


def test_no_page_and_no_workflow_names_a_session_that_is_not_there() -> None:
    assert len(set(named(text(WORKFLOWS)))) > 3
    assert unknown(defined(NOXFILE), text(TEXTS)) == set()


@pytest.mark.parametrize(
    "planted",
    [
        "`nox -s routers -- --all` attacks it",
        "python -m pip install nox && nox -s routers",
        "      - run: nox -s tests routers\n",
        "`uvx nox -s docs routers tests`",
    ],
)
def test_a_session_that_is_not_there_is_found(planted: str) -> None:
    assert unknown(defined(NOXFILE), text(TEXTS) + planted) == {"routers"}


def test_what_a_session_is_given_is_no_session() -> None:
    assert list(named("nox -s docs tests -- serve lint, nox -s ${{ matrix.session }}, nox -l")) == [
        "docs",
        "tests",
    ]


def test_only_decorated_functions_are_sessions(tmp_path: Path) -> None:
    noxfile = tmp_path / "noxfile.py"
    noxfile.write_text(
        "@nox.session\ndef a(session): ...\n"
        "@nox.session(default=False)\ndef b(session): ...\n"
        "def c(session): ...\n@cache\ndef d(session): ...\n"
    )
    assert defined(noxfile) == {"a", "b"}
