"""What the ASGI module imports before Django is set up (E004, W002), read from the source.

A server imports the ASGI module in a fresh process, where the order of its imports decides.
`manage.py` has set Django up by then, so a wrong order only fails in production. This module
follows the imports in their order and imports nothing.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import sys
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models.base import ModelBase
from strawberry import Schema

from .catalogue import Messages, found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

# Django is `ready`, or `models` or a `schema` are reached: the kind, its name, the way there.
_Event = tuple[str, str, tuple[str, ...]]

_SETS_UP = {"get_asgi_application", "get_wsgi_application", "setup"}
_NEEDS_SETUP = {"get_user_model", "apps.get_model"}
_FALSE_ON_IMPORT = re.compile(r"\b(TYPE_CHECKING|__name__)\b")
_LIBRARIES = {"site-packages", "dist-packages"}


def check_import_order(asgi_module: str) -> Messages:
    """Report models or a schema that a fresh process imports before it sets Django up."""
    schema = ""
    for kind, what, way in _events(asgi_module, (), set()):
        if kind == "schema":
            schema = schema or f"{way[-1]}, imports the schema ({what})"
        elif kind == "models":
            text = (
                f"{way[0]}, reaches {what} before get_asgi_application(): a server that imports "
                f"it stops with AppRegistryNotReady. The way there: {' → '.join(way)}."
            )
            return [found("E004", text)]
        else:
            text = (
                f"{schema} before get_asgi_application() ({way[-1]}): the first model that the "
                "schema uses will stop the server with AppRegistryNotReady."
            )
            return [found("W002", text)] if schema else []
    never = f"{asgi_module} never calls get_asgi_application()"
    return [found("E004", f"{never}, so a server runs it without setting Django up.")]


def _events(name: str, way: tuple[str, ...], seen: set[str]) -> Iterator[_Event]:
    """Follow a module's imports depth first, as Python does."""
    seen.add(name)
    for node in _executed(_source(name)):
        here = (*way, f"{name}, line {node.lineno}")
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            last = called.rpartition(".")[2]
            if last in _SETS_UP:
                yield "ready", called, here
            elif not _NEEDS_SETUP.isdisjoint({called, last}):
                yield "models", f"{called}()", here
            continue
        for imported in _imported(name, node):
            module = sys.modules.get(imported)
            if module is None or imported in seen:
                continue
            if _defines_models(module):
                yield "models", f"the models of {imported}", here
            elif _is_followed(module):
                if any(issubclass(type(value), Schema) for value in vars(module).values()):
                    yield "schema", imported, here
                yield from _events(imported, here, seen)


def _source(name: str) -> list[ast.stmt]:
    """Return the statements of a module; none when there is no Python source of it."""
    try:
        return ast.parse(inspect.getsource(sys.modules[name])).body
    except (KeyError, OSError, SyntaxError, TypeError, ValueError):
        return []


def _executed(nodes: Iterable[ast.AST]) -> Iterator[ast.Import | ast.ImportFrom | ast.Call]:
    """Yield the imports and calls that run when a module is imported, in that order."""
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.If) and _FALSE_ON_IMPORT.search(ast.unparse(node.test)):
            yield from _executed(node.orelse)
        elif not isinstance(node, ast.Lambda):
            functions = (ast.FunctionDef, ast.AsyncFunctionDef)
            later = node.body if isinstance(node, functions) else []
            yield from _executed(each for each in ast.iter_child_nodes(node) if each not in later)
            if isinstance(node, ast.Call):
                yield node


def _imported(importer: str, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Yield the modules that an import statement runs, parents first."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        package = sys.modules[importer].__package__
        try:
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
        except ImportError:
            return
        names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
    for name in names:
        yield from accumulate(name.split("."), "{}.{}".format)


def _defines_models(module: ModuleType) -> bool:
    # Asked of the type, because isinstance() would evaluate a lazy object.
    return module.__name__ != ModelBase.__module__ and any(
        issubclass(type(value), ModelBase) and value.__module__ == module.__name__
        for value in vars(module).values()
    )


def _is_followed(module: ModuleType) -> bool:
    """Tell whether a module is the project's own, or that of an installed app."""
    package = module.__name__.partition(".")[0]
    if package in {"django", "strawberry_django"} | sys.stdlib_module_names:
        return False
    if package in {config.name.partition(".")[0] for config in apps.get_app_configs()}:
        return True
    file = getattr(module, "__file__", None)
    return file is not None and _LIBRARIES.isdisjoint(Path(file).parts)
