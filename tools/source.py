"""Source: read constants and docstrings out of a module without importing it.

The reference's tables are made of the library's own source, whichever copy of
strawberry_django is installed and whether or not Django is set up. May import the standard
library only.
"""

from __future__ import annotations

import ast
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
    def constants(self) -> dict[str, ast.expr]:
        """Module-level assignments, and those of sibling modules that are imported."""
        found: dict[str, ast.expr] = {}
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
                sibling = self.path.with_name(f"{node.module.split('.')[0]}.py")
                if sibling.exists():
                    theirs = Source(sibling).constants
                    names = {alias.name for alias in node.names}
                    found |= {name: value for name, value in theirs.items() if name in names}
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[node.targets[0].id] = node.value
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                found[node.target.id] = node.value
        return found

    def constant(self, name: str) -> ast.expr:
        """Return the value that a module-level name is given."""
        try:
            return self.constants[name]
        except KeyError:
            raise SourceError(f"{self.path} assigns no {name}") from None

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
        constants = self.constants

        class Resolve(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.expr:
                value = constants.get(node.id)
                return self.visit(value) if value is not None else node  # type: ignore[no-any-return]

        return ast.parse(ast.unparse(Resolve().visit(node)), mode="eval").body


def text_of(node: ast.expr) -> str | None:
    """Return the string that an expression is, if it is one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def written(node: ast.expr) -> str:
    """Write an expression as code with double quotes."""
    return ast.unparse(node).replace("'", '"')
