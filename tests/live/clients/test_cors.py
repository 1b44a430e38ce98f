"""docs/guide/clients.md: a page of another origin, in a real browser, without CORS and with it."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.live.clients.site import ADD, ME, SEND, Site, running
from tools.harness import processes, projects

ASK = """
async ([api, how, body, credentials]) => {
  const get = `${api}?${new URLSearchParams(body)}`;
  const post = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  try {
    const answer = await fetch(how === "GET" ? get : api, {
      ...(how === "GET" ? {} : post),
      credentials,
    });
    return { status: answer.status, body: await answer.json() };
  } catch (error) {
    return { failed: `${error}` };
  }
}
"""
LISTEN = """
async ([api, query, room]) => {
  const answer = await fetch(api, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept": "text/event-stream" },
    body: JSON.stringify({ query, variables: { room } }),
    credentials: "include",
  });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let seen = ""; ; ) {
    const { done, value } = await reader.read();
    seen += value ?? "";
    if (done || seen.includes("event: next")) return seen;
  }
}
"""
#: The origin that the guide allows.
SHOWN = "https://app.example.com"


class Nothing(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Another site</title>")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def other_origin() -> Iterator[str]:
    """A web server of another origin: the same host, and so with the cookie, on another port."""
    with ThreadingHTTPServer((processes.HOST, 0), Nothing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://{processes.HOST}:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, other_origin: str, cookies: dict[str, str]) -> Iterator[Page]:
    """A page of the other origin, in a browser where ada is logged in."""
    with contextlib.closing(browser.new_context()) as context:
        context.add_cookies(
            [{"name": "sessionid", "value": cookies["sessionid"], "url": other_origin}]
        )
        page = context.new_page()
        page.goto(other_origin)
        yield page


@pytest.fixture(scope="module")
def with_cors(project: projects.Project, other_origin: str) -> Iterator[Site]:
    """The chat with the settings of the guide, for this origin."""
    settings = allow(project, other_origin, "settings_cors_here")
    application = "myproject.asgi:application"
    with running(Site(project, "uvicorn", settings, application)) as site:
        yield site


def allow(project: projects.Project, origin: str, module: str) -> str:
    """Write a module with the settings of the guide and another origin in the place of its."""
    folder = project.path / "myproject"
    text = (folder / "settings_cors.py").read_text(encoding="utf-8")
    assert SHOWN in text
    (folder / f"{module}.py").write_text(text.replace(SHOWN, origin), encoding="utf-8")
    return module


def ask(page: Page, site: Site, how: str, credentials: str, query: str, **variables: str) -> Any:
    body = {"query": query, **({"variables": variables} if variables else {})}
    return page.evaluate(ASK, [f"{site.url}/graphql", how, body, credentials])


def test_with_cors_it_works(page: Page, with_cors: Site) -> None:
    me = {"status": 200, "body": {"data": {"me": "ada"}}}
    assert ask(page, with_cors, "GET", "include", ME) == me
    assert ask(page, with_cors, "POST", "include", ME) == me
    assert ask(page, with_cors, "POST", "omit", ME)["body"] == {"data": {"me": None}}
    room = secrets.token_hex(6)
    sent = ask(page, with_cors, "POST", "include", SEND, room=room, text="from afar")
    assert sent["body"] == {"data": {"sendMessage": {"text": "from afar"}}}
    api = f"{with_cors.url}/graphql"
    assert "from afar" in page.evaluate(LISTEN, [api, ADD, room])


def test_with_cors_a_third_origin_is_refused(
    browser: Browser, with_cors: Site, sites: Mapping[str, Site], cookies: dict[str, str]
) -> None:
    third = sites["daphne"].url
    with contextlib.closing(browser.new_context()) as context:
        context.add_cookies([{"name": "sessionid", "value": cookies["sessionid"], "url": third}])
        page = context.new_page()
        page.goto(f"{third}/accounts/login/")
        for how in ("GET", "POST"):
            assert "Failed to fetch" in ask(page, with_cors, how, "include", ME)["failed"]
