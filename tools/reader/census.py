"""The census: what the pages offer, held against what readers take.

A reader looks at its own choices only, so something else has to notice what nobody chooses.
May import ``page`` only.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tools.reader.page import Item

#: Without a title, a block is a command, but for what the reference shows of a name (Python) and
#: a list of versions (text).
_NO_COMMANDS = {"prose", "python", "text"}


def labels(items: Iterable[Item]) -> set[str]:
    """Return every label of the tabs on a page, also of those with nothing in them."""
    return {label for item in items for _, offered in item.tabs for label in offered}


def offered(items: Iterable[Item]) -> tuple[str, ...]:
    """Return what the one set of tabs among these items offers.

    Raises:
        ValueError: there is not just one.
    """
    found = {offered for item in items for _, offered in item.tabs}
    if len(found) != 1:
        raise ValueError(f"one set of tabs expected, and there are {sorted(found)}")
    return found.pop()


def pairs_missing(
    axes: Sequence[Iterable[str]], rows: Iterable[Sequence[str]]
) -> set[tuple[str, ...]]:
    """Return the pairs of two axes that no row has.

    Args:
        axes: what can be chosen of each.
        rows: what is chosen together, of each axis one.
    """
    chosen = list(rows)
    return {
        pair
        for first, second in itertools.combinations(range(len(axes)), 2)
        for pair in itertools.product(axes[first], axes[second])
        if pair not in {(row[first], row[second]) for row in chosen}
    }


def commands(items: Iterable[Item]) -> set[str]:
    """Return the blocks that a reader is to run."""
    return {one.text for one in items if not one.title and one.kind not in _NO_COMMANDS}


def not_run(
    pages: Mapping[str, Sequence[Item]], followed: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield each command, with its page, that is on none of the pages that are followed."""
    run = {text for name in followed for text in commands(pages[name])}
    for name, items in pages.items():
        yield from ((name, text) for text in sorted(commands(items) - run))


def blocks(items: Iterable[Item], choices: Collection[str]) -> list[Item]:
    """Return the blocks outside of tabs, and in those that are chosen.

    Unlike a reader, it takes none of a set of tabs of which nothing is chosen.
    """
    return [
        one
        for one in items
        if one.kind != "prose" and all(label in choices for label, _ in one.tabs)
    ]
