"""Source: read constants and docstrings out of a module without importing it.

The reference's tables are made of the library's own source, whichever copy of
strawberry_django is installed and whether or not Django is set up. May import the standard
library only.
"""

from __future__ import annotations

import ast
import importlib.util
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


class SourceError(LookupError):
    """A name is not where the reference looks for it."""


@dataclass(frozen=True)
class Field:
    """An annotated attribute of a class: ``name: annotation = value`` and its docstring."""

    name: str
    annotation: str
    doc: str


class Source:
    """One module, as written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))

    @cached_property
    def _assigned(self) -> dict[str, ast.expr]:
        found: dict[str, ast.expr] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[node.targets[0].id] = node.value
            elif (
                isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
            ):
                found[node.target.id] = node.value
        return found

    @cached_property
    def _imported(self) -> dict[str, tuple[int, str, str]]:
        return {
            alias.asname or alias.name: (node.level, node.module or "", alias.name)
            for node in self.tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    def find(self, name: str) -> ast.expr | None:
        """Return what a module-level name is set to, here or where it is imported from."""
        if name in self._assigned:
            return self.resolved(self._assigned[name])
        if name not in self._imported:
            return None
        level, module, original = self._imported[name]
        path = _module_path(self.path, level, module)
        return Source(path).find(original) if path else None

    def constant(self, name: str) -> ast.expr:
        """Return the expression that the module assigns to a name, as it stands there."""
        if name not in self._assigned:
            raise SourceError(f"{self.path} assigns no {name}")
        return self._assigned[name]

    def class_(self, name: str) -> ast.ClassDef:
        """Return the definition of a class."""
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                return node
        raise SourceError(f"{self.path} defines no class {name}")

    def fields(self, class_name: str) -> list[Field]:
        """Return the attributes of a class in order, each with the string below it."""
        body = self.class_(class_name).body
        found: list[Field] = []
        for node, after in zip(body, [*body[1:], None], strict=True):
            doc = text_of(after.value) if isinstance(after, ast.Expr) else None
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.append(Field(node.target.id, written(node.annotation), doc or ""))
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found.append(Field(node.targets[0].id, written(node.value), doc or ""))
        return found

    def resolved(self, node: ast.expr) -> ast.expr:
        """Replace the names in an expression by the constants that they stand for."""
        copy = ast.parse(ast.unparse(node), mode="eval").body
        resolved = _Resolve(self).visit(copy)
        assert isinstance(resolved, ast.expr)
        return resolved


class _Resolve(ast.NodeTransformer):
    def __init__(self, source: Source) -> None:
        self.source = source

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self.source.find(node.id)
        return value if isinstance(value, ast.Constant | ast.Tuple | ast.List) else node


def _module_path(importer: Path, level: int, module: str) -> Path | None:
    if level:
        base = importer.parents[level - 1].joinpath(*module.split(".")) if module else None
        places = [base.with_suffix(".py"), base / "__init__.py"] if base else []
        return next((place for place in places if place.is_file()), None)
    spec = importlib.util.find_spec(module)
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def text_of(node: ast.expr) -> str | None:
    """Return the string that an expression is, if it is one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def written(node: ast.expr) -> str:
    """Write an expression as code with double quotes."""
    return ast.unparse(node).replace("'", '"')
