"""The site under attack, for the whole run, and the record of what was kept."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.live.promises import MARK
from tests.live.sites import Site, Sites
from tools.harness.redis import RedisServer, RedisUnavailable, redis_server
from tools.harness.servers import SERVERS

#: Where to write the outcomes to, if anywhere; `tools.proof.compare` reads them.
OUTCOMES = os.environ.get("COMPARE_OUTCOMES")

_outcomes: list[dict[str, object]] = []


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARK}(id, sentence, group): what the test proves")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" or not report.passed:
        outcome = {"test": item.nodeid, "server": _server(item), "passed": report.passed}
        _outcomes.extend({**outcome, **mark.kwargs} for mark in item.iter_markers(MARK))
    return report


def pytest_sessionfinish() -> None:
    if OUTCOMES:
        Path(OUTCOMES).write_text(json.dumps(_outcomes), encoding="utf-8")


def _server(item: pytest.Item) -> str:
    """Return the server that a test runs on; it is Uvicorn where no server can change anything."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    name: str = parameters.get("site") or parameters.get("server") or "uvicorn"
    return name


@pytest.fixture(scope="session")
def sessions_redis() -> Iterator[RedisServer]:
    """A real Redis for the whole run."""
    try:
        with redis_server() as server:
            yield server
    except RedisUnavailable as error:
        pytest.fail(f"{error} (on Debian, the package redis-server)")


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory, sessions_redis: RedisServer) -> Iterator[Sites]:
    """The processes of the site."""
    everything = Sites(tmp_path_factory.mktemp("security"), sessions_redis)
    yield everything
    everything.close()


@pytest.fixture(scope="session", params=SERVERS)
def site(request: pytest.FixtureRequest, sites: Sites) -> Site:
    """The site on each of the servers."""
    return sites.get(request.param)


@pytest.fixture(scope="session")
def uvicorn(sites: Sites) -> Site:
    """The site on one server, for what no server can change."""
    return sites.get("uvicorn")
