"""Let workers of pytest-xdist share well: what starts servers first, and what shares them together.

Imports pytest-xdist, so import it where that is there.
"""

from __future__ import annotations

import pytest
import xdist.scheduler

SHARED = ("tests/guide/reference_claims/",)
"""Folders whose files have their fixtures in common."""
FIRST = (*SHARED, "tests/unit/test_packaging.py", "tests/guide/", "tests/unit/test_explorer_in_browser.py")
"""What takes longest, so that no worker ends long after the others."""


class Scheduling(xdist.scheduler.LoadFileScheduling):
    """`--dist=loadfile --no-loadscope-reorder`, with each of `SHARED` as one file."""

    def _split_scope(self, nodeid: str) -> str:
        for folder in SHARED:
            if nodeid.startswith(folder):
                return folder
        scope: str = super()._split_scope(nodeid)
        return scope


def order(items: list[pytest.Item]) -> None:
    """Put the tests of `FIRST` first, and leave the others as they are."""

    def rank(item: pytest.Item) -> int:
        places = (place for place, name in enumerate(FIRST) if item.nodeid.startswith(name))
        return next(places, len(FIRST))

    items.sort(key=rank)
