"""Step 6 of docs/guide/subscriptions.md: `graphql.js`, called by a page in a real browser."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.live.clients import site
from tools import demo
from tools.harness import clients, projects, servers

ME = "{ me }"
#: A refusal in a resolver comes as `next`, and one before it as `error`.
REFUSED = 'mutation { sendMessage(room: "lobby", text: " ") { id } }'
ADDED = "subscription ($room: String!) { messageAdded(room: $room, last: 50) { text } }"
#: Opens a socket, and keeps what it tells; `heard` is what came of each operation.
OPEN = """
async (url) => {
  const { Socket } = await import("/static/chat/graphql.js");
  window.states = [];
  window.heard = [];
  window.socket = new Socket(url, (state) => states.push(state));
  window.ask = (query, variables) => {
    const told = [];
    heard.push(told);
    return socket.subscribe(query, variables, {
      next: (data) => told.push({ data }),
      error: (errors) => told.push({ errors }),
    });
  };
}
"""
LIVE = "states.at(-1) === 'live'"


@pytest.fixture(scope="module")
def closing(project: projects.Project) -> Iterator[servers.Server]:
    """A server whose sockets close with the code that a room's name asks for."""
    (project.path / "clients_asgi.py").write_text(site.ASGI, encoding="utf-8")
    with servers.serve(project, application=site.APPLICATION) as server:
        yield server


@pytest.fixture
def page(browser: Browser, server: servers.Server) -> Iterator[Page]:
    """A page of the server that has no script, and ada logged in."""
    with clients.login(server, "ada", demo.USERS["ada"]) as ada:
        session = ada.cookies["sessionid"]
    context = browser.new_context(base_url=server.url)
    context.add_cookies([{"name": "sessionid", "value": session, "url": server.url}])
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto("/static/chat/graphql.js")
    yield page
    context.close()


@pytest.fixture
def sent(page: Page) -> list[Any]:
    """The frames that its sockets send, as they are sent."""
    frames: list[Any] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framesent", lambda frame: frames.append(json.loads(frame))),
    )
    return frames


def opened(page: Page, server: servers.Server) -> None:
    page.evaluate(OPEN, f"{server.ws_url}/graphql")
    page.wait_for_function(LIVE)


def ask(page: Page, query: str, **variables: str) -> list[Any]:
    """Ask, and return what has come of it when the first came."""
    page.evaluate(
        "([query, variables]) => { window.stop = ask(query, variables); }", [query, variables]
    )
    page.wait_for_function("heard.at(-1).length")
    heard: list[Any] = page.evaluate("heard.at(-1)")
    return heard


def frame(number: int, query: str, **variables: str) -> dict[str, Any]:
    payload = {"query": query, "variables": variables}
    return {"id": str(number), "type": "subscribe", "payload": payload}


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/graphql", ME, {"me": "ada"}),
        ("/graphql", REFUSED, "A message has 1 to 500 characters."),
        ("/nowhere", ME, "The server answered 404."),
    ],
)
def test_a_request_returns_the_data_or_throws(
    page: Page, path: str, query: str, expected: object
) -> None:
    script = """
    async ([path, query]) => {
      const { request } = await import("/static/chat/graphql.js");
      return request(path, query).catch(({ message }) => message);
    }
    """
    assert page.evaluate(script, [path, query]) == expected


def test_what_is_asked_before_it_is_live_is_sent_then(
    page: Page, server: servers.Server, sent: list[Any]
) -> None:
    page.evaluate(
        f"(url) => ({OPEN})(url).then(() => ask({json.dumps(ME)}, {{}}))",
        f"{server.ws_url}/graphql",
    )
    page.wait_for_function("heard[0].length")
    assert page.evaluate("heard") == [[{"data": {"me": "ada"}}]]
    assert page.evaluate("states") == ["connecting", "live"]
    assert sent == [{"type": "connection_init"}, frame(1, ME)]


def test_what_is_asked_while_it_is_live_is_sent_at_once_and_ends_once(
    page: Page, server: servers.Server, sent: list[Any]
) -> None:
    opened(page, server)
    page.evaluate("(query) => { window.first = ask(query, { room: 'one' }); }", ADDED)
    page.evaluate("(query) => { window.second = ask(query, { room: 'two' }); }", ADDED)
    page.evaluate("() => { first(); first(); }")
    assert ask(page, ME) == [{"data": {"me": "ada"}}]
    assert sent == [
        {"type": "connection_init"},
        frame(1, ADDED, room="one"),
        frame(2, ADDED, room="two"),
        {"id": "1", "type": "complete"},
        frame(3, ME),
    ]


@pytest.mark.parametrize(
    ("code", "then"),
    [
        *((code, "waiting") for code in (4408, 4500)),
        *((code, "refused") for code in (4400, 4401)),
    ],
)
def test_which_codes_are_the_end(page: Page, closing: servers.Server, code: int, then: str) -> None:
    page.goto(f"{closing.url}/static/chat/graphql.js")
    opened(page, closing)
    room = f"close-{code}-{secrets.token_hex(4)}"
    page.evaluate("([query, room]) => { ask(query, { room }); }", [ADDED, room])
    page.wait_for_function("states.length > 2")
    assert page.evaluate("states.slice(0, 3)") == ["connecting", "live", then]
