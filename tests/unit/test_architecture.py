"""The library's imports point only toward the ground, for types as well, and run in no circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tools.harness.live import ROOT

PACKAGE = "strawberry_django.realtime"
FLOORS = (
    (
        "_upstream blocking conf connections encoding exceptions interfaces limits logs pool "
        "protocol threads transactions waiting"
    ),
    "context documents request",
    "pubsub",
    "auth",
    "broadcast",
    "consumer",
    "http websocket",  # neither imports the other
    "routing",
    "__init__",
)
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names.split()}
BESIDE = {"__main__", "apps", "checks", "snippets", "testing"}


def imports(library: Path, path: Path) -> Iterator[tuple[str, int]]:
    """Every module of the library that `path` imports, anywhere in it, with the line."""
    package = [*PACKAGE.split("."), *path.relative_to(library).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            names = [".".join([*base, *filter(None, [node.module]), name]) for name in names]
        for parts in (name.split(".")[2:] for name in names if name.startswith(f"{PACKAGE}.")):
            target = library.joinpath(*parts)
            if len(parts) > 1 and not (target.is_dir() or target.with_suffix(".py").is_file()):
                parts.pop()  # a name in a module
            yield ".".join(parts), node.lineno


def problems(library: Path) -> Iterator[str]:
    graph: dict[str, set[str]] = {}
    for path in sorted(library.rglob("*.py")):
        parts = path.relative_to(library).with_suffix("").parts
        name = ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)
        if (top := name.split(".")[0]) in BESIDE:
            continue
        if top not in FLOOR:
            yield f"{path}: {top} has no floor"
        for imported, line in imports(library, path):
            graph.setdefault(name, set()).add(imported)
            other = imported.split(".")[0]
            if other in BESIDE or {top, other} == {"http", "websocket"}:
                yield f"{path}:{line}: imports {imported}, which stands beside it"
            elif FLOOR.get(other, 0) > FLOOR.get(top, 0):
                yield f"{path}:{line}: imports {imported}, which is above"
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield "a circle: " + " imports ".join(error.args[1][::-1])


def test_imports_point_toward_the_ground() -> None:
    assert list(problems(ROOT / "strawberry_django" / "realtime")) == []


@pytest.mark.parametrize(
    ("path", "statement", "problem"),
    [
        (
            "context.py",
            "if TYPE_CHECKING:\n    from . import routing",
            ":2: imports routing, which",
        ),
        ("http/view.py", "from ..websocket import writer", "websocket, which stands beside"),
        ("routing.py", "from .checks import register", "imports checks, which stands beside"),
        ("limits.py", "from . import logs", "a circle: l"),
        ("helpers.py", "", "helpers has no floor"),
    ],
)
def test_a_fault_is_seen(tmp_path: Path, path: str, statement: str, problem: str) -> None:
    (tmp_path / "http").mkdir()
    (tmp_path / path).write_text(statement)
    (tmp_path / "logs.py").write_text("def late():\n    import strawberry_django.realtime.limits")
    assert problem in "\n".join(problems(tmp_path))
