"""Undefined: the names that a module uses and nothing in it gives, as pyflakes finds them.

The module and the classes in it run from the top down, so a name must be given above where it is
used; the body of a function runs later, when all of the module's names are there. May import
pyflakes.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pyflakes.checker import Builtin, Checker, ModuleScope
from pyflakes.messages import UndefinedName

if TYPE_CHECKING:
    from collections.abc import Callable


def undefined(source: str, stars: Callable[[str], set[str] | None] = lambda _: None) -> list[str]:
    """Return the names that are used and not given, in the order in which they are met.

    Args:
        source: the text of a module.
        stars: tells what ``from module import *`` gives; ``None`` where nobody knows, and then
            nothing can be said of the module.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            names = stars(node.module or "")
            if names is None:
                return []
            node.names = [ast.alias(name) for name in sorted(names)]
    found = [one for one in Checker(tree).messages if isinstance(one, UndefinedName)]
    found.sort(key=lambda one: (one.lineno, one.col))
    return list(dict.fromkeys(str(one.message_args[0]) for one in found))


def given(source: str) -> set[str]:
    """Return the names that a module has once it has run."""
    modules = [one for one in Checker(ast.parse(source)).deadScopes if isinstance(one, ModuleScope)]
    return {
        name
        for module in modules
        for name, binding in module.items()
        if not isinstance(binding, Builtin)
    }
