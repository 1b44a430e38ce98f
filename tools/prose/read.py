"""Reading: numbers, where the code decides them and without running it.

Each raises `LookupError` where there is not exactly what is looked for, so that a statement is
never made of something else. May import tools.shown, tools.source and its sibling `resolve`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tools.prose.resolve import parsed
from tools.shown import seen
from tools.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
STATUSES = range(400, 600)


def constant(file: str, name: str) -> Any:
    """Return the value of a constant in a file of the checkout."""
    return ast.literal_eval(Source(ROOT / file).constant(name))


def default(file: str, option: str) -> Any:
    """Return the default of an option of a command line."""
    tree = Source(ROOT / file).tree
    return _only(
        (
            ast.literal_eval(keyword.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and node.args and _is(node.args[0], option)
            for keyword in node.keywords
            if keyword.arg == "default"
        ),
        f"default of {option} in {file}",
    )


def counted(file: str, test: str) -> int:
    """Return how many a test has counted: the number that it holds a `len()` against."""
    return _only(
        (
            int(node.comparators[0].value)
            for node in ast.walk(function(Source(ROOT / file).tree, test))
            if isinstance(node, ast.Compare)
            and ast.unparse(node.left).startswith("len(")
            and isinstance(node.ops[0], ast.Eq)
            and isinstance(node.comparators[0], ast.Constant)
            and isinstance(node.comparators[0].value, int)
        ),
        f"count in {test} of {file}",
    )


def status(module: str, name: str, about: str) -> int:
    """Return the HTTP status in the smallest statement of a function that has a name in it."""
    tree = parsed(module)
    statements = [
        node
        for node in ast.walk(function(tree, name))
        if isinstance(node, (ast.stmt, ast.excepthandler)) and _has(node, about) and _statuses(node)
    ]
    smallest = min(statements, key=lambda node: len(ast.unparse(node)), default=tree)
    return _only(_statuses(smallest), f"status at {about} in {name} of {module}")


def function(tree: ast.AST, name: str) -> ast.AST:
    """Return the definition of a function or method."""
    named = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name
    ]
    return _only(named, f"function {name}")


def shown_lines(target: str) -> list[str]:
    """Return the lines of a snippet, or of a section of it, that a page shows and are not empty."""
    file, _, section = target.partition(":")
    source = (ROOT / "snippets" / file).read_text(encoding="utf-8")
    found = [text for _, text in seen(source, section) if text.strip()]
    if not found:
        raise LookupError(f"nothing to show of {target}")
    return found


def found(file: str, pattern: str) -> str:
    """Return what the group of a pattern is in a file of the checkout."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return _only(
        (one[1] for one in re.finditer(pattern, text, re.MULTILINE)), f"{pattern} in {file}"
    )


def lowest_python() -> str:
    """Return the lowest version of Python that the package installs on."""
    return found("pyproject.toml", r'^requires-python = ">=([\d.]+)"$')


def _only(values: Iterable[T], what: str) -> T:
    different = set(values)
    if len(different) != 1:
        raise LookupError(f"there is not one {what}, but {sorted(map(str, different))}")
    return different.pop()


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _has(tree: ast.AST, name: str) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id == name)
        or (isinstance(node, ast.Attribute) and node.attr == name)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and name in node.value)
        for node in ast.walk(tree)
    )


def _statuses(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value in STATUSES:
            yield node.value
