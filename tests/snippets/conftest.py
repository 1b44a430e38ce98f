"""What the tests of several pages share."""

from __future__ import annotations

import pytest

from tools import demo
from tools.harness.projects import Project


@pytest.fixture(scope="session")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The chat that the tutorial ends with, with its database and the users of the demo."""
    return demo.build(tmp_path_factory.mktemp("chat") / "project")
