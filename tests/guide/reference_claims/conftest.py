"""The reference's project on real servers, each started once; no client may cause a traceback."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.guide.reference_claims import variations
from tests.guide.reference_claims.checked_setups import Checks, checking
from tests.guide.reference_claims.reference_project import (
    PASSWORD,
    build_reference_project,
    with_asgi,
    with_settings,
)
from tests.guide.reference_claims.serving import Watch, serve_all
from tools.harness import clients
from tools.harness.projects import Project
from tools.harness.servers import SERVERS, Server, serve

_OPTIONS = """
SESSION_SAVE_EVERY_REQUEST = True
STRAWBERRY_DJANGO_REALTIME = {"SUBSCRIPTION_PROTOCOLS": ["graphql-transport-ws", "graphql-ws"]}
"""

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Start = Callable[[str, str], Server]


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project of a reader who did what the reference says."""
    return build_reference_project(tmp_path_factory.mktemp("reference") / "myproject")


@pytest.fixture(scope="package")
def watch() -> Watch:
    return Watch()


@pytest.fixture(autouse=True)
def no_traceback(watch: Watch) -> Iterator[None]:
    """Fail the test during which a watched server printed a traceback."""
    yield
    assert watch.tracebacks() == []


@pytest.fixture(scope="package")
def main(home: Project, watch: Watch) -> Iterator[dict[str, Server]]:
    """The project on each server, by the reference's commands."""
    with serve_all(home) as servers:
        yield {name: watch.over(server) for name, server in servers.items()}


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, main: dict[str, Server]) -> Server:
    """The project on one server after another."""
    return main[request.param]


@pytest.fixture(scope="package")
def with_options(home: Project, watch: Watch) -> Iterator[dict[str, Server]]:
    """The project with the legacy subprotocol, and a session saved at every request."""
    with serve_all(home, with_settings(home, "options", _OPTIONS)) as servers:
        yield {name: watch.over(server) for name, server in servers.items()}


@pytest.fixture(scope="package")
def start(home: Project) -> Iterator[Start]:
    """Start an application that differs from the reference's."""
    with ExitStack() as stack:

        def start(name: str, text: str) -> Server:
            return stack.enter_context(serve(home, application=with_asgi(home, name, text)))

        yield start


@pytest.fixture(scope="package")
def plain(start: Start) -> Server:
    """The same project behind Django's own ASGI application."""
    return start("plain", variations.PLAIN_DJANGO)


@pytest.fixture(scope="package")
def stock(start: Start) -> Server:
    """The same project behind Strawberry's own router."""
    return start("stock", variations.STOCK_ROUTER)


@pytest.fixture(scope="package")
def custom(start: Start, watch: Watch) -> Server:
    """The same project with the reference's custom routing and our consumers."""
    return watch.over(start("custom", variations.CUSTOM_ROUTING))


@pytest.fixture(scope="package")
def development(home: Project, watch: Watch) -> Iterator[Server]:
    """The project under `runserver`, with our checks."""
    with serve(home, "runserver", env=with_settings(home, "development", "")) as server:
        yield watch.over(server)


@pytest.fixture(scope="package")
def checks(home: Project) -> Iterator[Checks]:
    """What `manage.py check` says of each setup of `checked_setups`."""
    with checking(home) as checks:
        yield checks


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser, which sends `Origin` and complains in its console."""
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if executable is None:
        reason = f"a browser is needed: none of {', '.join(CHROMIUM)} is on the PATH"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(f"NOT TESTED, {reason}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def ada(main: dict[str, Server]) -> httpx.Cookies:
    """The cookies of ada, who has logged in through the form of one of the servers."""
    with clients.login(main["uvicorn"], "ada", PASSWORD) as client:
        return client.cookies
