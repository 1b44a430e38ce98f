"""What every test may ask for; and which library is under test.

With the library installed (as `nox -s tests` does) that one is tested: shipped mode. Else, or with
`--live`, the checkout's: live mode (see `tools/harness/live.py`). Coverage is that of the process
of the tests: the servers and commands that they start are not measured.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.test import Client

from tools.harness import live, prepared
from tools.harness.projects import Project, build
from tools.harness.redis import RedisServer, RedisUnavailable, redis_server
from tools.recorded.files import MARK


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--live", action="store_true", help="test the checkout's library, even if one is installed"
    )


def pytest_configure(config: pytest.Config) -> None:
    # What nox tells its own uv: a `uv sync` in a test would empty the environment of nox, and
    # compiling all of an environment costs more than the few imports of a test.
    for name in ("UV_PROJECT_ENVIRONMENT", "UV_COMPILE_BYTECODE"):
        os.environ.pop(name, None)
    # What a shell starts in the background ignores Ctrl-C, and so would every process of a test.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("--live"):
        live.enter()
    live.ensure()
    config.addinivalue_line("markers", f"{MARK}(*files): the recorded files that the test makes")
    worker = hasattr(config, "workerinput")
    if not worker and prepared.VARIABLE not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="prepared-")
        config.add_cleanup(folder.cleanup)
        os.environ[prepared.VARIABLE] = folder.name
    if worker or not config.getoption("numprocesses", 0):
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    if worker:
        os.environ.pop("PYTHONPATH", None)
    elif live.is_live() and config.getoption("numprocesses", None):
        # A worker of pytest-xdist sets Django up before it gets here.
        os.environ["PYTHONPATH"] = str(live.STARTUP)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()


def pytest_report_header() -> str:
    import strawberry_django.realtime

    mode = "live" if live.is_live() else "shipped"
    return f"library under test: {mode}, {Path(strawberry_django.realtime.__file__).parent}"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The base project, as `django-admin startproject` leaves it."""
    return build(tmp_path / "project")


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """A real Redis, empty, for the tests of one module."""
    try:
        with redis_server() as server:
            yield server
    except RedisUnavailable as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(f"NOT TESTED, {error}")


@pytest.fixture
def ada(transactional_db: None) -> Any:
    """A user, whom every thread can see in the database."""
    from django.contrib.auth import get_user_model

    return get_user_model().objects.create_user("ada", password="analytical-engine")


@pytest.fixture
def ada_client(ada: Any) -> Client:
    """A browser in which ada has logged in."""
    client = Client()
    assert client.login(username="ada", password="analytical-engine")
    return client


@pytest.fixture
def channel_layer(settings: Any) -> Any:
    """A channel layer in memory, empty."""
    from channels.layers import get_channel_layer

    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    return get_channel_layer()
