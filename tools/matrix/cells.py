"""Cells: the sets of versions that the guide is for.

A cell is a Python, a release of Django and one end of what `pyproject.toml` allows of the others.
May import the standard library only.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
#: The releases that Django supports, each with the first Python that it takes
#: (https://www.djangoproject.com/download/#supported-versions).
DJANGOS = {"5.2": "3.10", "6.0": "3.12", "6.1": "3.12"}
ENDS = ("lowest", "newest")
#: What is taken at its lowest or its newest; Django is at the newest patch of its release.
VARIED = (
    *("strawberry-graphql", "strawberry-graphql-django", "channels", "channels-redis"),
    *("daphne", "hypercorn", "uvicorn"),
)


@dataclass(frozen=True)
class Cell:
    """A set of versions."""

    python: str
    django: str
    end: str  #: "lowest" or "newest"

    @property
    def name(self) -> str:
        """How the ledger and the command line call it: "3.11 5.2 newest"."""
        return f"{self.python} {self.django} {self.end}"


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


ALL = tuple(
    Cell(python, django, end)
    for python in PYTHONS
    for django, first in DJANGOS.items()
    if _number(python) >= _number(first)
    for end in ENDS
)


def this_python() -> str:
    """Return the release of the Python that runs this."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def select(words: Sequence[str], *, everything: bool = False) -> list[Cell]:
    """Return the cells that fit the words, each the name of a Python, a Django or an end.

    Words of one kind are alternatives. Without any, the cells of this Python are meant.

    Raises:
        LookupError: a word is none of these, or no cell fits.
    """
    kinds = {"python": PYTHONS, "django": tuple(DJANGOS), "end": ENDS}
    unknown = [word for word in words if not any(word in known for known in kinds.values())]
    if unknown:
        known = ", ".join(name for names in kinds.values() for name in names)
        raise LookupError(f"{unknown[0]!r} is no Python, Django or end; there are {known}")
    if not words and not everything:
        words = [this_python()]
    found = [
        cell
        for cell in ALL
        if all(
            getattr(cell, kind) in words or not set(words) & set(names)
            for kind, names in kinds.items()
        )
    ]
    if not found:
        raise LookupError(f"there is no cell {' '.join(words)}; `--list` lists them")
    return found
