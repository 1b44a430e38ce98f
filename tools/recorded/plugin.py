"""Let pytest run only the runs that are named, and write what they record."""

from __future__ import annotations

import pytest

from tools.recorded.files import chosen


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("recordings")
    group.addoption("--record-name", action="append", default=[], help="a run, file or subject")
    group.addoption("--record-anew", action="store_true", help="write the files")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not named."""
    names = config.getoption("--record-name")
    if names:
        items[:] = [item for item in items if chosen(item, names)]
