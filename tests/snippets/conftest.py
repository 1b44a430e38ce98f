"""What the tests of several pages share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tools import demo
from tools.harness import servers
from tools.harness.projects import Project


@pytest.fixture(scope="session")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The chat that the tutorial ends with, with its database and the users of the demo."""
    return demo.build(tmp_path_factory.mktemp("chat") / "project")


@pytest.fixture(scope="module")
def project(chat: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the chat, which a module may add to."""
    project = Project(tmp_path_factory.mktemp("module") / "project")
    shutil.copytree(chat.path, project.path)
    return project


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[servers.Server]:
    """The module's project, served by Uvicorn."""
    with servers.serve(project) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    with chromium() as browser:
        yield browser
