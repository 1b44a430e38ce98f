"""What the reference documents is what there is to import and to type."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from strawberry_django.realtime.__main__ import build_parser

ROOT = Path(__file__).resolve().parents[2]
REALTIME, TESTING = "strawberry_django.realtime", "strawberry_django.realtime.testing"


def documented(reference: Path) -> dict[str, set[str]]:
    """Return the names that the pages document, by the module that they say to import from."""
    found: dict[str, set[str]] = {REALTIME: set(), TESTING: set()}
    for path in reference.glob("*.md"):
        names = re.findall(r"^::: (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        module = TESTING if path.name == "testing.md" else REALTIME
        found[module] |= {name.rpartition(".")[2] for name in names}
    return found


def imported(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield each name that a snippet imports from the library, with its file."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(REALTIME):
                yield from ((alias.name, path.name) for alias in node.names)


@pytest.mark.parametrize("module", [REALTIME, TESTING])
def test_the_public_names_are_those_of_the_reference(module: str) -> None:
    assert documented(ROOT / "docs/reference")[module] == set(import_module(module).__all__)


def test_what_a_snippet_imports_is_in_the_reference() -> None:
    known = set[str]().union(*documented(ROOT / "docs/reference").values())
    assert [(name, file) for name, file in imported(ROOT / "snippets") if name not in known] == []


def test_a_name_of_no_page_and_a_page_of_no_name_are_found(tmp_path: Path) -> None:
    (tmp_path / "context.md").write_text(f"::: {REALTIME}.conf.Planted\n")
    (tmp_path / "testing.md").write_text(f"Not ::: this\n::: {TESTING}.http.planted\n")
    assert documented(tmp_path) == {REALTIME: {"Planted"}, TESTING: {"planted"}}
    (tmp_path / "hooks.py").write_text(f"from {REALTIME}.conf import Unknown\nimport os\n")
    assert list(imported(tmp_path)) == [("Unknown", "hooks.py")]


def test_each_action_of_the_command_line_is_in_the_reference() -> None:
    page = (ROOT / "docs/reference/index.md").read_text(encoding="utf-8")
    for words in actions(build_parser()):
        assert f"`{words[-1]}`" in page or f"`python -m {REALTIME} {' '.join(words)}`" in page


def actions(parser: argparse.ArgumentParser) -> Iterator[list[str]]:
    """Yield the words of each command, but for the action that is taken without a word."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                if name != "list":
                    yield [name]
                yield from actions(inner)
