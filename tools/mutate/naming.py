"""Naming: which files of tests are a page's own. May import the standard library only."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

#: How the names of a page's tests begin, if not `tests/guide/test_<page>`.
PAGES = {
    "guide/clients.md": ("tests/live/clients/",),
    "guide/security.md": (
        *("tests/guide/test_security", "tests/live/test_tokens"),
        "tests/live/test_permissions",
    ),
    "index.md": ("tests/guide/test_channels",),
}


def tests_of(pages: Iterable[str]) -> tuple[str, ...]:
    """Return how the names of the tests of some pages begin."""
    ways = (PAGES.get(page, (f"tests/guide/test_{Path(page).stem}",)) for page in pages)
    return tuple(prefix for each in ways for prefix in each)
