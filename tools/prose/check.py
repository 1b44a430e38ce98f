"""The check: every number and every name that the pages say is one that the code has.

A number is a status that the library sends, or stands in a text that `facts` makes, as each close
code does; a name is one that `names` knows. A fact that is not on its page is a problem too: its
number has changed, or its sentence. May import its siblings.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tools.problems import Problem
from tools.prose.facts import facts
from tools.prose.names import Names
from tools.prose.text import Line, prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tools.prose.facts import Fact

STATUSES = range(400, 600)


def check(root: Path, known: Iterable[Fact] | None = None) -> list[Problem]:
    """Return what the pages of a checkout say and the code does not."""
    lines = list(prose(root / "docs"))
    stated = list(facts() if known is None else known)
    names = Names(root)
    statuses = _statuses(root)
    problems = list(_unstated(lines, stated))
    for line in lines:
        problems += _numbers(line, [text for page, text in stated if page == line.page], statuses)
        for name in line.names():
            if missing := names.unknown(name):
                what = f"`{name}`: {', '.join(sorted(missing))} is in no code that is shown or ours"
                problems.append(Problem(f"docs/{line.page}", line.number, what, "mend the name"))
    return sorted([*problems, *names.problems()])


def _unstated(lines: Iterable[Line], stated: Iterable[Fact]) -> Iterator[Problem]:
    pages: dict[str, str] = {}
    for line in lines:
        pages[line.page] = f"{pages.get(line.page, '')}{line.text}\n"
    for page, text in stated:
        if text not in pages.get(page, text):
            yield Problem(f"docs/{page}", 0, f"does not say {text!r}", "mend page or fact")


def _numbers(line: Line, stated: list[str], statuses: set[str]) -> Iterator[Problem]:
    inside: set[int] = set()
    for text in stated:
        at = line.text.find(text)
        while at >= 0:
            inside.update(range(at, at + len(text)))
            at = line.text.find(text, at + 1)
    for at, number in line.numbers():
        if at not in inside and number not in statuses:
            fix = "bind it in tools/prose/facts.py"
            yield Problem(f"docs/{line.page}", line.number, f"the number {number} is unbound", fix)


def _statuses(root: Path) -> set[str]:
    """Return the statuses of refusals that stand in the library."""
    found: set[str] = set()
    for path in (root / "strawberry_django").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and type(node.value) is int:
                found |= {str(node.value)} if node.value in STATUSES else set()
    return found
