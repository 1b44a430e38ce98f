"""What the ASGI module imports before Django is set up, read from the source.

Imports the standard library, Django's model base and Strawberry's schema. A server imports
the ASGI module in a fresh process, where the order of its imports decides; `manage.py` has set
Django up by then, so a wrong order only fails in production. The checks run under `manage.py`: this
module follows the imports as a fresh process would, without importing anything.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from django.apps import apps
from django.db.models.base import ModelBase
from strawberry import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

SETS_UP = frozenset({"get_asgi_application", "get_wsgi_application", "setup"})
"""Calls that set Django up."""

NEEDS_SETUP = frozenset({"get_user_model", "apps.get_model"})
"""Calls that fail before Django is set up."""

_LIBRARIES = frozenset({"site-packages", "dist-packages"})

Event: TypeAlias = ast.Import | ast.ImportFrom | ast.Call
"""What can matter in the course of an import."""


@dataclass(frozen=True)
class Step:
    """Name one place in the source: a line of a module."""

    module: str
    line: int

    def __str__(self) -> str:
        return f"{self.module}, line {self.line}"


@dataclass
class ImportOrder:
    """Hold what a fresh import of the ASGI module does, in order.

    `ready` is where Django is set up. `models` leads from the ASGI module to the import (or call)
    that needs Django before that, and `reached` names what is needed. `schema` is where a module
    that holds a schema is imported before Django is set up, and `schema_module` is its name.
    """

    ready: Step | None = None
    models: tuple[Step, ...] = ()
    reached: str = ""
    schema: Step | None = None
    schema_module: str = ""


def import_order(asgi_module: str) -> ImportOrder:
    """Return what happens when `asgi_module` is imported in a fresh process."""
    order = ImportOrder()
    _Reader(order).read(asgi_module, ())
    return order


class _Reader:
    """Follow imports depth first, as Python does, until Django is set up or a model is reached."""

    def __init__(self, order: ImportOrder) -> None:
        self._order = order
        self._seen: set[str] = set()

    def read(self, name: str, path: tuple[Step, ...]) -> bool:
        """Follow the module `name`, and return whether there is nothing more to find."""
        self._seen.add(name)
        for node in _executed(_source(name)):
            here = (*path, Step(name, node.lineno))
            if isinstance(node, ast.Call):
                ended = self._call(node, here)
            else:
                ended = self._import(name, node, here)
            if ended:
                return True
        return False

    def _call(self, node: ast.Call, path: tuple[Step, ...]) -> bool:
        called = ast.unparse(node.func)
        name = called.rpartition(".")[2]
        if name in SETS_UP:
            self._order.ready = path[-1]
        elif called in NEEDS_SETUP or name in NEEDS_SETUP:
            self._order.models, self._order.reached = path, f"{called}()"
        else:
            return False
        return True

    def _import(
        self, importer: str, node: ast.Import | ast.ImportFrom, path: tuple[Step, ...]
    ) -> bool:
        for name in _imported(importer, node):
            module = sys.modules.get(name)
            if module is None or name in self._seen:
                continue
            if _defines_models(module):
                self._order.models, self._order.reached = path, f"the models of {name}"
                return True
            if not _is_followed(module):
                continue
            if self._order.schema is None and _holds_schema(module):
                self._order.schema, self._order.schema_module = path[-1], name
            if self.read(name, path):
                return True
        return False


def _source(name: str) -> list[ast.stmt]:
    """Return the statements of a module; none when there is no Python source of it."""
    try:
        spec = importlib.util.find_spec(name)
        get_source = getattr(spec.loader if spec else None, "get_source", None)
        return ast.parse((get_source and get_source(name)) or "").body
    except (ImportError, SyntaxError, ValueError):
        return []


def _executed(body: list[ast.stmt]) -> Iterator[Event]:
    """Yield the imports and calls that run when a module is imported, in that order."""
    for statement in body:
        yield from _executed_in(statement)


def _executed_in(node: ast.AST) -> Iterator[Event]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield node
        return
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.If) and _never_on_import(node.test):
        yield from _executed(node.orelse)
        return
    skipped = node.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else []
    for child in ast.iter_child_nodes(node):
        if child not in skipped:
            yield from _executed_in(child)
    if isinstance(node, ast.Call):
        yield node


def _never_on_import(test: ast.expr) -> bool:
    """Tell whether a condition is `TYPE_CHECKING` or `__name__ == "__main__"`."""
    names = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(test)}
    return not names.isdisjoint({"TYPE_CHECKING", "__name__"})


def _imported(importer: str, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Yield the modules that an import statement runs, parents first."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        base = _resolved(importer, "." * node.level + (node.module or ""))
        names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
    for name in names:
        parts = name.split(".")
        yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _resolved(importer: str, name: str) -> str:
    """Return the absolute name of a module that `importer` names, perhaps relatively."""
    package = getattr(sys.modules.get(importer), "__package__", None)
    try:
        return importlib.util.resolve_name(name, package or importer.rpartition(".")[0])
    except ImportError:
        return ""


# Asked of the type, because isinstance() would evaluate a lazy object.


def _defines_models(module: ModuleType) -> bool:
    """Tell whether importing the module needs Django's apps: it defines a model."""
    if module.__name__ == ModelBase.__module__:
        return False
    return any(
        issubclass(type(value), ModelBase) and value.__module__ == module.__name__
        for value in vars(module).values()
    )


def _holds_schema(module: ModuleType) -> bool:
    return any(issubclass(type(value), Schema) for value in vars(module).values())


def _is_followed(module: ModuleType) -> bool:
    """Tell whether a module is the project's own, or that of an installed app."""
    package = module.__name__.partition(".")[0]
    if package in {"django", "strawberry_django"} | sys.stdlib_module_names:
        return False
    if package in {config.name.partition(".")[0] for config in apps.get_app_configs()}:
        return True
    file = getattr(module, "__file__", None)
    return file is not None and _LIBRARIES.isdisjoint(Path(file).parts)
