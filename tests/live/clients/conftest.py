"""The chat on each server, and a page of each with every JavaScript client in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import pytest

from tests.live.clients import node, site
from tools import demo
from tools.harness import clients, projects

T = TypeVar("T")


class Asked(dict[str, T]):
    """What there is of each server, from when it is first asked for."""

    def __init__(self, start: Callable[[str], T]) -> None:
        self._start = start

    def __missing__(self, name: str) -> T:
        self[name] = self._start(name)
        return self[name]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    folder = tmp_path_factory.mktemp("clients")
    return site.lay_out(demo.build(folder / "chat"), folder / "project")


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide's modules, where Node finds the packages."""
    return node.lay_out(tmp_path_factory.mktemp("modules"))


@pytest.fixture(scope="session")
def sites(project: projects.Project) -> Iterator[Mapping[str, site.Site]]:
    """The chat on each server that is asked for."""
    with contextlib.ExitStack() as stack:
        yield Asked(lambda name: stack.enter_context(site.running(site.Site(project, name))))


@pytest.fixture(scope="session")
def cookies(sites: Mapping[str, site.Site]) -> dict[str, str]:
    """The cookies of ada, who is logged in; the servers have one database."""
    with clients.login(sites["uvicorn"].server, "ada", demo.USERS["ada"]) as ada:
        return dict(ada.cookies)


@pytest.fixture(scope="session")
def pages(
    sites: Mapping[str, site.Site], modules: Path, cookies: dict[str, str]
) -> Iterator[Mapping[str, node.Page]]:
    """A page of each server that is asked for."""
    with contextlib.ExitStack() as stack:
        yield Asked(lambda name: stack.enter_context(node.page(modules, sites[name].url, cookies)))
