"""What the tests of several pages share."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.guide.support import Served, guide_project
from tools import demo
from tools.harness import servers
from tools.harness.projects import Project
from tools.recorded.files import Recorded, targets

if TYPE_CHECKING:  # The recorded runs need no browser.
    from playwright.sync_api import Browser

#: `nox -s docs` runs these, and whoever names one.
collect_ignore_glob = ["test_recorded_*.py"]

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
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Start a server of the guide's project at most once for the same subjects and settings.

    For tests that only ask: they change no file, and leave no user behind.
    """
    with contextlib.ExitStack() as stack:
        running: dict[object, servers.Server] = {}

        def serve(
            *subjects: str, server: str = "uvicorn", env: Mapping[str, str] | None = None
        ) -> servers.Server:
            key = (subjects, server, tuple(sorted((env or {}).items())))
            if key not in running:
                project = guide_project(tmp_path_factory.mktemp("served") / "myproject", *subjects)
                running[key] = stack.enter_context(servers.serve(project, server, env=env))
            return running[key]

        yield serve


@pytest.fixture
def recorded(request: pytest.FixtureRequest, tmp_path: Path) -> Recorded:
    """What compares the output of a run with what is recorded, or records it."""
    write = bool(request.config.getoption("--record-anew", default=False))
    return Recorded(targets(request.node), tmp_path, write)


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
    from tests.browser import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def full_room(project: Project) -> str:
    """A room of the module's project in which ada said 51 things in 2025, from "Message 0" on."""
    room = secrets.token_hex(8)
    project.manage("shell", "-c", SAY_MANY % room)
    return room
