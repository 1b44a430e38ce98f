"""Step 6 of docs/guide/subscriptions.md: what pages in a real browser do while a server is away."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import RECORD_SOCKETS, chat_page
from tools import demo
from tools.harness import clients, live, processes, projects, servers

SEND = "mutation ($room: String!, $text: String!) { sendMessage(room: $room, text: $text) { id } }"
VENDORED = live.ROOT / "tests/vendor/graphql_ws"
WAITING = "The connection is lost. Trying again…"
PINGING = """
from myproject.settings import *
STRAWBERRY_DJANGO_REALTIME = {"PING_INTERVAL": 0.2, "PONG_TIMEOUT": 1, "MAX_LIFETIME": 3}
"""
BUNDLED = """
<script type="importmap">{"imports": {"graphql-ws": "./graphql_ws/client.js"}}</script>
<ol></ol>
<script type="module">
  const { room, from } = Object.fromEntries(new URLSearchParams(location.search));
  const { listen } = await import(`./${from}.js`);
  listen(room, ({ text }) => {
    const item = document.createElement("li");
    item.textContent = text;
    document.querySelector("ol").append(item);
  }).catch((error) => { document.title = (error[0] ?? error).message ?? "Given up"; });
</script>
"""
#: Listens with the module of the topics page.
LISTENING = """
async (room) => {
  const { listen } = await import("/static/chat/listening.js");
  window.told = 0;
  window.heard = [];
  const query = "subscription ($room: String!) { messageAdded(room: $room) { text } }";
  const next = ({ data }) => heard.push(data.messageAdded.text);
  listen(query, { room }, { next, error() {}, complete() {} }, () => { told += 1; });
}
"""


@pytest.fixture(scope="module")
def project(project: projects.Project) -> projects.Project:
    """The chat, and beside it settings of a server that pings, and the client of a bundler."""
    (project.path / "myproject/settings_pinging.py").write_text(PINGING)
    static = project.path / "chat/static/chat"
    shutil.copytree(VENDORED, static / "graphql_ws")
    bundled = (projects.SNIPPETS / "browser_client/src/chat.js").read_text(encoding="utf-8")
    (static / "bundled.js").write_text(bundled)
    (static / "without_retry.js").write_text(bundled.replace("  shouldRetry: () => true,\n", ""))
    (static / "bundled.html").write_text(BUNDLED)
    listening = (projects.SNIPPETS / "topics/src/listening.js").read_text(encoding="utf-8")
    (static / "listening.js").write_text(listening)
    return project


@contextlib.contextmanager
def serve_on(
    port: int, project: projects.Project, env: Mapping[str, str] | None = None
) -> Iterator[servers.Server]:
    """Serve the chat on a port of our choice, which a second server may have later."""
    command = servers.command("uvicorn", port, "myproject.asgi:application")
    with processes.running(
        "uvicorn", command, cwd=project.path, env={**live.environment(), **(env or {})}
    ) as process:
        process.wait_until(lambda: processes.accepts(port))
        yield servers.Server("uvicorn", port, process)


def enter(browser: Browser, url: str) -> Page:
    return chat_page(browser, url, "ada", demo.USERS["ada"])


def post(server: servers.Server, room: str, text: str) -> None:
    with clients.login(server, "grace", demo.USERS["grace"]) as grace:
        answer = clients.graphql(grace, SEND, {"room": room, "text": text})
        assert "errors" not in answer.json()


@dataclass
class Outage:
    """Three pages of a server that was away for a while, and what has been said meanwhile.

    The pages with the client of a bundler are in a room of their own.
    """

    server: servers.Server
    room: str
    bundled_room: str
    chat: Page
    bundled: Page
    without_retry: Page


@pytest.fixture(scope="module")
def outage(browser: Browser, project: projects.Project) -> Iterator[Outage]:
    port = processes.free_port()
    rooms = room, bundled_room = secrets.token_hex(8), secrets.token_hex(8)
    with serve_on(port, project) as server:
        chat = enter(browser, server.url)
        bundled, without_retry = chat.context.new_page(), chat.context.new_page()
        chat.context.add_init_script(RECORD_SOCKETS)
        for name in rooms:
            post(server, name, "Before")
        chat.goto(f"/chat/{room}/")
        bundled.goto(f"/static/chat/bundled.html?room={bundled_room}&from=bundled")
        without_retry.goto(f"/static/chat/bundled.html?room={bundled_room}&from=without_retry")
        for page in (chat, bundled, without_retry):
            expect(page.locator("li")).to_have_count(1)
    expect(chat.get_by_role("status")).to_have_text(WAITING)
    expect(chat.get_by_role("status")).to_have_attribute("data-state", "waiting")
    for page in (chat, bundled, without_retry):
        page.wait_for_function("opened.length >= 2", timeout=20_000)
    with serve_on(port, project) as server:
        for name in rooms:
            post(server, name, "Meanwhile")
        yield Outage(server, room, bundled_room, chat, bundled, without_retry)


def test_after_an_outage_it_comes_back_and_shows_what_it_missed_once(outage: Outage) -> None:
    expect(outage.chat.get_by_role("status")).to_have_text("Live", timeout=60_000)
    expect(outage.chat.locator("#messages p")).to_have_text(["Before", "Meanwhile"])
    post(outage.server, outage.room, "After")
    expect(outage.chat.locator("#messages li")).to_have_count(3)


def test_without_should_retry_the_client_of_a_bundler_gives_up(outage: Outage) -> None:
    expect(outage.without_retry).to_have_title("Given up")


def test_the_client_of_a_bundler_listens_and_comes_back(outage: Outage) -> None:
    page = outage.bundled
    expect(page.locator("li", has_text="Meanwhile")).to_be_visible(timeout=60_000)
    post(outage.server, outage.bundled_room, "Finally")
    expect(page.locator("li").last).to_have_text("Finally")
    page.context.clear_cookies()
    page.reload()
    expect(page).to_have_title("Log in first.")


def test_the_client_of_a_bundler_begins_with_the_last_fifty_messages(
    browser: Browser, server: servers.Server, full_room: str
) -> None:
    page = enter(browser, server.url)
    page.goto(f"/static/chat/bundled.html?room={full_room}&from=bundled")
    expect(page.locator("li")).to_have_count(50)
    expect(page.locator("li").first).to_have_text("Message 1")
    page.context.close()


def test_the_client_of_a_bundler_can_be_told_that_it_listens(
    browser: Browser, server: servers.Server
) -> None:
    page, room = enter(browser, server.url), secrets.token_hex(8)
    page.goto(f"/static/chat/bundled.html?room={room}&from=bundled")
    page.evaluate(LISTENING, room)
    page.wait_for_function("told === 1")
    post(server, room, "Now")
    page.wait_for_function("heard.at(-1) === 'Now'")
    page.context.close()


def test_it_answers_pings_and_comes_back_after_4408(
    browser: Browser, project: projects.Project
) -> None:
    sent: list[str | bytes] = []

    def keep(frame: str | bytes) -> None:
        sent.append(frame)

    env = {"DJANGO_SETTINGS_MODULE": "myproject.settings_pinging"}
    with serve_on(processes.free_port(), project, env) as server:
        page = enter(browser, server.url)
        page.add_init_script(RECORD_SOCKETS)
        page.on("websocket", lambda socket: socket.on("framesent", keep))
        page.reload()
        page.wait_for_function("opened.length >= 2", timeout=20_000)
        expect(page.get_by_role("status")).to_have_text("Live")
        page.context.close()
    # More answers than one second without them would have allowed.
    assert sum('"type":"pong"' in str(frame) for frame in sent) > 5
