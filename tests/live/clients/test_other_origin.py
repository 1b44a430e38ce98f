"""A page of another origin opens a WebSocket in a real browser, which sends the session with it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.live.clients.site import ME, Site, running
from tests.live.clients.test_cors import Nothing
from tools.harness import processes, projects
from tools.harness.servers import SERVERS

#: One site, so that a cookie with `SameSite=Lax` is sent; three origins.
OURS, FRIEND, STRANGER = "chat.sites.test", "friend.sites.test", "stranger.sites.test"
CONNECT = """
([url, query]) => new Promise((resolve) => {
  const socket = new WebSocket(url, "graphql-transport-ws");
  const send = (message) => socket.send(JSON.stringify(message));
  socket.onclose = ({ code }) => resolve({ closed: code });
  socket.onopen = () => send({ type: "connection_init" });
  socket.onmessage = ({ data }) => {
    const { type, payload } = JSON.parse(data);
    if (type === "connection_ack") send({ id: "1", type: "subscribe", payload: { query } });
    if (type === "next") resolve(payload);
  };
})
"""
SETTINGS = """
from myproject.settings import *
ALLOWED_HOSTS = ["127.0.0.1", {ours!r}]
CSRF_TRUSTED_ORIGINS = ["http://{friend}:{port}"]
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a web server for the pages of the other origins."""
    with ThreadingHTTPServer((processes.HOST, 0), Nothing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def trusting(project: projects.Project, port: int) -> Iterator[dict[str, Site]]:
    """The chat on each server, under a name of its own, with one friend."""
    settings = project.path / "myproject/settings_other_origin.py"
    settings.write_text(SETTINGS.format(ours=OURS, friend=FRIEND, port=port), encoding="utf-8")
    application = "myproject.asgi:application"
    everything = [Site(project, name, "settings_other_origin", application) for name in SERVERS]
    with contextlib.ExitStack() as stack, ThreadPoolExecutor() as pool:
        list(pool.map(stack.enter_context, map(running, everything)))
        yield {site.name: site for site in everything}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(names="*.sites.test") as browser:
        yield browser


def connect(browser: Browser, site: Site, host: str, port: int, cookies: dict[str, str]) -> Any:
    """Open a socket of `site` from a page of `host`, and ask who is there."""
    ours = f"http://{OURS}:{site.port}"
    with contextlib.closing(browser.new_context()) as context:
        value = cookies["sessionid"]
        context.add_cookies([{"name": "sessionid", "value": value, "url": ours, "sameSite": "Lax"}])
        page = context.new_page()
        page.goto(f"{ours}/accounts/login/" if host == OURS else f"http://{host}:{port}/")
        return page.evaluate(CONNECT, [f"ws://{OURS}:{site.port}/graphql", ME])


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("host", [OURS, FRIEND])
def test_pages_of_ours_and_those_that_are_listed_are_let_in(
    server: str,
    host: str,
    browser: Browser,
    trusting: dict[str, Site],
    port: int,
    cookies: dict[str, str],
) -> None:
    answer = connect(browser, trusting[server], host, port, cookies)
    assert answer == {"data": {"me": "ada"}}


@pytest.mark.parametrize("server", SERVERS)
def test_a_page_of_another_origin_is_refused(
    server: str, browser: Browser, trusting: dict[str, Site], port: int, cookies: dict[str, str]
) -> None:
    site = trusting[server]
    before = len(site.server.log())
    assert connect(browser, site, STRANGER, port, cookies) == {"closed": 1006}
    said = site.server.log()[before:]
    assert "WebSocket /graphql refused (403)" in said
    assert f"http://{STRANGER}:{port}" in said
