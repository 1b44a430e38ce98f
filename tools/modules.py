"""The library's modules: where they are, what each imports, and where its tests are.

May import the standard library only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

LIBRARY = ("strawberry_django/realtime", "strawberry_django/routers")


def modules(root: Path) -> Iterator[tuple[str, Path]]:
    """Every module of `realtime`, with its dotted name inside it."""
    folder = root / LIBRARY[0]
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(name: str, path: Path) -> Iterator[tuple[str, int]]:
    """Every import of `path` (also inside functions) as an absolute name, with its line.

    What only type checkers run is left out: types may know of what stands above them.
    """
    package = ["strawberry_django", "realtime", *filter(None, name.split("."))]
    if path.name != "__init__.py":
        package.pop()
    for node in runtime_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                yield ".".join([*module, alias.name]), node.lineno


def runtime_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node below one, but for what only type checkers run."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for other in node.orelse:
                yield from (other, *runtime_nodes(other))
        else:
            yield from (node, *runtime_nodes(node))


def own_test(root: Path, path: Path) -> str:
    """Return the name of the test file that a module has of its own."""
    folder = next(root / name for name in LIBRARY if path.is_relative_to(root / name))
    parts = path.relative_to(folder).with_suffix("").parts
    names = [part.strip("_") for part in parts if part != "__init__"]
    return "_".join(["test", *(names or [folder.name])])


def own_tests(root: Path, path: Path) -> list[Path]:
    """Return a module's test files: one, or for a package's `__init__` those it shares as well."""
    test = own_test(root, path)
    found = [*(root / "tests").glob(f"{test}.py")]
    if path.name == "__init__.py":
        found += sorted((root / "tests").glob(f"{test}_*.py"))
    return found
