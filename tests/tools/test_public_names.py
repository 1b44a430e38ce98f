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


def members(page: str) -> dict[str, set[str]]:
    """Return the members that a page documents of each class."""
    sections = re.split(r"^::: ", page, flags=re.MULTILINE)[1:]
    return {
        section.split("\n", 1)[0]: set(re.findall(r"^ +- (\w+)$", section, re.MULTILINE))
        for section in sections
    }


def hooks(name: str) -> set[str]:
    """Return what a class says that a subclass may override."""
    module, _, attribute = name.rpartition(".")
    consumer = getattr(import_module(module), attribute)
    sentences = re.findall(r"Override\b.*?\.\s", f"{consumer.__doc__} ", re.DOTALL)
    named = {hook for sentence in sentences for hook in re.findall(r"`(\w+)`", sentence)}
    public = [each for each in dir(consumer) if not each.startswith("_")]
    said = {each: getattr(consumer, each).__doc__ or "" for each in public}
    return named | {each for each, text in said.items() if re.search(r"\boverride\b", text)}


def test_each_hook_of_a_consumer_is_in_the_reference() -> None:
    page = (ROOT / "docs/reference/consumers.md").read_text(encoding="utf-8")
    found = members(page)
    assert len(found) == 2
    for name, listed in found.items():
        assert hooks(name) - listed == set(), name
        assert {"on_connect", "on_operation", "get_context"} <= hooks(name)


def test_a_hook_that_a_page_does_not_list_is_found() -> None:
    (name,) = (planted := members(f"::: {__name__}.Planted\n    options:\n      - first\n"))
    assert (hooks(name), planted[name]) == ({"first", "second", "third"}, {"first"})


class Planted:
    """A consumer. Override `first` or
    `second` in a subclass.
    """

    def third(self) -> None:
        """Do nothing; override to do something."""


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
