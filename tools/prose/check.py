"""The check: every number and every name that the prose says is one that the code has.

A number stands in a text that `facts` makes; a name is one that `names` knows. A fact that is not
in its file is a problem too: its number has changed, or its sentence. Of the README and of
CONTRIBUTING the numbers are held only, for their names are those of the whole checkout. May import
its siblings.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from tools.problems import Problem
from tools.prose.facts import facts
from tools.prose.names import Names
from tools.prose.places import CONTRIBUTING, README
from tools.prose.rendered import rendered
from tools.prose.text import Line, page, prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tools.prose.facts import Fact


def check(root: Path, known: Iterable[Fact] | None = None) -> list[Problem]:
    """Return what the prose of a checkout says and the code does not."""
    names = Names(root)
    problems = [*numbers(root, facts() if known is None else known)]
    for line in _with_names(root):
        for name in line.names():
            if missing := names.unknown(name):
                what = f"`{name}`: {', '.join(sorted(missing))} is in no code that is shown or ours"
                problems.append(Problem(line.file, line.number, what, "mend the name"))
    return sorted([*problems, *names.problems()])


def numbers(root: Path, known: Iterable[Fact]) -> Iterator[Problem]:
    """Yield the facts that are not said, and the numbers that stand in none of them."""
    told: dict[str, list[Line]] = defaultdict(list)
    for line in _with_names(root):
        told[line.file].append(line)
    for file in (README, CONTRIBUTING):
        if (root / file).exists():
            told[file] += page(root, file)
    stated: dict[str, list[str]] = defaultdict(list)
    for file, text in known:
        stated[file].append(text)
    for file, lines in told.items():
        yield from _numbers(file, lines, stated[file])


def _with_names(root: Path) -> Iterator[Line]:
    yield from prose(root / "docs")
    yield from rendered(root)


def _numbers(file: str, lines: list[Line], stated: Iterable[str]) -> Iterator[Problem]:
    whole = "\n".join(line.text for line in lines)
    bound: set[int] = set()
    for text in stated:
        # A sentence may go on in the next line.
        said = re.compile(r"\s+".join(map(re.escape, text.split())))
        places = [range(*found.span()) for found in said.finditer(whole)]
        bound.update(*places)
        if not places:
            yield Problem(file, 0, f"does not say {text!r}", "mend page or fact")
    start = 0
    for line in lines:
        for at, number in line.numbers():
            if start + at not in bound:
                fix = "bind it in tools/prose/facts.py"
                yield Problem(file, line.number, f"the number {number} is unbound", fix)
        start += len(line.text) + 1
