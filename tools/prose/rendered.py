"""The rendered: what the reference takes from the library's source, and so is prose too.

That are the docstrings of what its pages name after ``:::``, and the texts that tools.hooks.library
makes its tables of. May import its sibling `text`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from tools.prose.text import Line

LIBRARY = "strawberry_django/realtime"
#: The classes whose attributes are tables, by their files.
_FIELDS = {"conf.py": "RealtimeOptions", "protocol.py": "CloseCode"}
#: Those of a `Fault` that are seen: its title, when it is reported and what to do.
_TOLD = slice(1, 4)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NAMED = re.compile(r"^::: (?P<name>[\w.]+)\n(?P<options>(?: .*\n)*)", re.MULTILINE)
_MEMBER = re.compile(r"^ +- (\w+)$", re.MULTILINE)


def rendered(root: Path) -> Iterator[Line]:
    """Yield the lines of the library that the reference shows as prose."""
    found: set[Line] = set()
    for file, name in _FIELDS.items():
        if (path := root / LIBRARY / file).exists():
            for fields in (node for node in _classes(path) if node.name == name):
                found.update(_docstrings(root, path, fields.body))
    if (path := root / LIBRARY / "checks/catalogue.py").exists():
        found.update(_catalogue(root, path))
    for page in (root / "docs" / "reference").glob("*.md"):
        for named in _NAMED.finditer(page.read_text(encoding="utf-8")):
            found.update(_documented(root, named["name"], _MEMBER.findall(named["options"])))
    yield from sorted(found, key=lambda line: (line.file, line.number))


def _documented(root: Path, dotted: str, members: Collection[str]) -> Iterator[Line]:
    """Yield the docstring of a class or function, and those of a class's members."""
    module, _, name = dotted.rpartition(".")
    path = root / f"{module.replace('.', '/')}.py"
    for node in _parsed(path).body if path.exists() else ():
        if isinstance(node, (ast.ClassDef, *_FUNCTIONS)) and node.name == name:
            yield from _docstrings(root, path, node.body[:1])
            if isinstance(node, ast.ClassDef):
                yield from _members(root, path, node, members)


def _members(
    root: Path, path: Path, owner: ast.ClassDef, members: Collection[str]
) -> Iterator[Line]:
    """Yield the docstrings of methods: the public ones, or those named, which may be inherited."""
    yield from _docstrings(root, path, owner.body[1:])
    for node in owner.body:
        if isinstance(node, _FUNCTIONS) and _is_wanted(node.name, members):
            yield from _docstrings(root, path, node.body[:1])
    for base in owner.bases if members else ():
        for file in (path, *_siblings(path)):
            for node in _classes(file):
                if node.name == ast.unparse(base).partition("[")[0]:
                    yield from _members(root, file, node, members)


def _is_wanted(name: str, members: Collection[str]) -> bool:
    return name in members if members else not name.startswith("_")


def _docstrings(root: Path, path: Path, body: list[ast.stmt]) -> Iterator[Line]:
    file = path.relative_to(root).as_posix()
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                yield Line(file, number, lines[number - 1])


def _catalogue(root: Path, path: Path) -> Iterator[Line]:
    file = path.relative_to(root).as_posix()
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Fault":
            for text in node.args[_TOLD]:
                yield Line(file, text.lineno, ast.literal_eval(text))


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _classes(path: Path) -> list[ast.ClassDef]:
    return [node for node in _parsed(path).body if isinstance(node, ast.ClassDef)]


def _siblings(path: Path) -> list[Path]:
    return [other for other in path.parent.glob("*.py") if other != path]
