"""Resolving: what a name says beyond its words, held against what it names.

A dotted name is imported, or its parts are sought on the classes of what resolvers get; a command
is one that a package, the library or a snippet has, and a session of nox one of the noxfile; the
value of an option is one of its type. May import the library, the packages and its sibling
`sessions`.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from tools.prose import sessions

_PACKAGES = ("channels", "channels_redis", "daphne", "django", "strawberry", "strawberry_django")
#: What a variable on the pages is an instance of.
_VARIABLES = {
    "info": ("strawberry:Info",),
    "context": ("strawberry_django.realtime:GraphQLContext",),
    "request": ("strawberry_django.realtime.request:GraphQLRequest",),
    "consumer": (
        "strawberry_django.realtime:GraphQLHTTPConsumer",
        "strawberry_django.realtime:GraphQLWSConsumer",
    ),
}
#: What gives such an instance more than its class has.
_SETTERS = {"request": ("django.contrib.auth.middleware", "django.contrib.sessions.middleware")}
_DOTTED = re.compile(r"(?<![\w./-])[^\W\d]\w*(?:\.[^\W\d]\w*)+")
_MEMBER = re.compile(r"\.(?P<name>[^\W\d]\w*)")
_COMMAND = re.compile(r"(?:manage\.py|django-admin) +(?P<name>[a-z]\w*)")
_VALUE = r""""[^"]*"|'[^']*'|\(.*?\)|\[.*?\]|[^\s,(){}\[\]]+"""
_OPTION = re.compile(rf"(?P<option>\w+)[\"']?(?: ?= ?|: )(?P<value>{_VALUE})")


def unresolved(root: Path, name: str) -> Iterator[str]:
    """Yield the parts of a name that say what is not so."""
    for found in _DOTTED.finditer(name):
        if not _is_there(found[0]):
            yield found[0]
    member = _MEMBER.fullmatch(name)
    if member and not any(member["name"] in _attributes(one) for one in ("context", "request")):
        yield name
    for found in _COMMAND.finditer(name):
        if found["name"] not in _commands(root):
            yield found[0]
    for session in sessions.named(name):
        if session not in _sessions(root):
            yield f"nox -s {session}"
    for found in _OPTION.finditer(name):
        if not _is_of_its_type(found["option"].lower(), found["value"]):
            yield found[0]


def exists(name: str) -> bool:
    """Tell whether a name can be imported; what needs a project's settings cannot."""
    from django.core.exceptions import AppRegistryNotReady, ImproperlyConfigured

    try:
        pkgutil.resolve_name(name)
    except (AppRegistryNotReady, AttributeError, ImportError, ImproperlyConfigured, ValueError):
        return False
    return True


def _is_there(dotted: str) -> bool:
    parts = dotted.split(".")
    if parts[0] in _PACKAGES:
        return exists(dotted)
    return all(
        attribute in _attributes(variable)
        for variable, attribute in pairwise(parts)
        if variable in _VARIABLES
    )


def parsed(module: str) -> ast.Module:
    """Return the source of an installed module, without importing it."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


@cache
def _attributes(variable: str) -> set[str]:
    """Return what its classes have, declare and set, and what others set."""
    classes = [pkgutil.resolve_name(name) for name in _VARIABLES[variable]]
    bases = {base for one in classes for base in one.__mro__ if base.__module__ != "builtins"}
    trees: list[ast.AST] = [ast.parse(textwrap.dedent(inspect.getsource(base))) for base in bases]
    trees += map(parsed, _SETTERS.get(variable, ()))
    found = {name for one in classes for name in dir(one)}
    return found.union(*(_set(tree, {"self", variable}) for tree in trees))


def _set(tree: ast.AST, owners: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id in owners
        ):
            yield node.attr


@cache
def _commands(root: Path) -> set[str]:
    places = [root / "snippets", root / "strawberry_django"]
    for package in _PACKAGES:
        spec = importlib.util.find_spec(package)
        places += map(Path, (spec and spec.submodule_search_locations) or ())
    return {path.stem for place in places for path in place.rglob("management/commands/*.py")}


@cache
def _sessions(root: Path) -> set[str]:
    return sessions.defined(root / "noxfile.py")


def _is_of_its_type(option: str, value: str) -> bool:
    from strawberry_django.realtime.conf import RealtimeOptions

    hints = get_type_hints(RealtimeOptions)
    try:
        return option not in hints or _fits(ast.literal_eval(value), hints[option])
    except (SyntaxError, ValueError):  # It is no literal: its words are all there is to know.
        return True


def _fits(value: object, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in arguments)
    if origin is Literal:
        return value in arguments
    if origin is Sequence:
        return isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)
    return type(value) in ((int, float) if hint is float else (hint,))
