"""The sessions of nox: those that a text names, and those that the noxfile has.

Ground: imports nothing of its siblings.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What follows `--` goes to the session, and is none itself.
_COMMAND = re.compile(r"\bnox +-s +(?P<names>[a-z]\w*(?: +[a-z]\w*)*)")


def named(text: str) -> Iterator[str]:
    """Yield each session that `nox -s` is given in a text, be it one or several."""
    for command in _COMMAND.finditer(text):
        yield from command["names"].split()


def defined(noxfile: Path) -> set[str]:
    """Return the functions that are decorated with `nox.session`, called or not."""
    return {
        node.name
        for node in ast.parse(noxfile.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
        and any(_is_session(decorator) for decorator in node.decorator_list)
    }


def _is_session(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called) == "nox.session"
