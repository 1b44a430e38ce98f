"""Marks: which sentence of the comparison a test proves.

`python -m tools.proof compare` runs the marked tests against our router and against the one of
strawberry-graphql-django, and writes `docs/data/comparison.json` from the marks and the outcomes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., Any])

MARK = "promise"


def promise(threat: str, *, does: str, setting: str = "") -> Callable[[Test], Test]:
    """Mark a test of what happens when somebody attacks, or something goes wrong.

    Args:
        threat: what somebody tries, or what happens; tests of the same threat share a row.
        does: what we do; the same for all tests of a threat.
        setting: what decides it, a Django setting or an option of the router.
    """
    return _mark(sentence=threat, group="threat", does=does, setting=setting)


def documented(id: str, sentence: str) -> Callable[[Test], Test]:
    """Mark a test of a sentence of the shared documentation; pages name it by its id."""
    return _mark(id=id, sentence=sentence, group="documented")


def expected(id: str, sentence: str) -> Callable[[Test], Test]:
    """Mark a test of what somebody expects who knows Django; pages name it by its id."""
    return _mark(id=id, sentence=sentence, group="expected")


def _mark(**row: str) -> Callable[[Test], Test]:
    mark: Callable[[Test], Test] = getattr(pytest.mark, MARK)(**row)
    return mark
