"""What the tests of several pages share."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tools import demo
from tools.harness import servers
from tools.harness.projects import Project

SAY_MANY = """
from datetime import datetime, timezone
from django.contrib.auth.models import User
from chat.models import Message

ada = User.objects.get(username="ada")
Message.objects.bulk_create(
    Message(room="%s", author=ada, text=f"Message {number}") for number in range(51)
)
Message.objects.update(sent_at=datetime(2025, 1, 2, 3, 4, tzinfo=timezone.utc))
"""


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


@pytest.fixture(scope="module")
def full_room(project: Project) -> str:
    """A room of the module's project in which ada said 51 things in 2025, from "Message 0" on."""
    room = secrets.token_hex(8)
    project.manage("shell", "-c", SAY_MANY % room)
    return room
