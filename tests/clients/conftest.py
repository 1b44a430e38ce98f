"""The chat on each server, and a page of each with every JavaScript client in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.clients import node, site
from tools import demo
from tools.harness import clients, projects
from tools.harness.servers import SERVERS


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    folder = tmp_path_factory.mktemp("clients")
    return site.lay_out(demo.build(folder / "chat"), folder / "project")


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide's modules, where Node finds the packages."""
    return node.lay_out(tmp_path_factory.mktemp("modules"))


@pytest.fixture(scope="session")
def sites(project: projects.Project) -> Iterator[dict[str, site.Site]]:
    """The chat on each server."""
    with contextlib.ExitStack() as stack:
        everything = {name: site.Site(project, name) for name in SERVERS}
        with ThreadPoolExecutor() as pool:
            contexts = [site.running(one) for one in everything.values()]
            list(pool.map(stack.enter_context, contexts))
        yield everything


@pytest.fixture(scope="session")
def cookies(sites: dict[str, site.Site]) -> dict[str, str]:
    """The cookies of ada, who is logged in; the servers have one database."""
    with clients.login(sites["uvicorn"].server, "ada", demo.USERS["ada"]) as ada:
        return dict(ada.cookies)


@pytest.fixture(scope="session")
def pages(
    sites: dict[str, site.Site], modules: Path, cookies: dict[str, str]
) -> Iterator[dict[str, node.Page]]:
    """A page of each server."""
    with contextlib.ExitStack() as stack:
        yield {
            name: stack.enter_context(node.page(modules, one.url, cookies))
            for name, one in sites.items()
        }
