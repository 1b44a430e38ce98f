"""Step 6 of docs/guide/subscriptions.md: what the page of the chat does, in a real browser."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import RECORD_SOCKETS, chat_page, say
from tools import demo
from tools.harness import clients, servers

SEND = "mutation ($room: String!, $text: String!) { sendMessage(room: $room, text: $text) { id } }"
REFUSED = "The server has ended the connection. Reload the page to log in again."
HOUR = timedelta(hours=1)
#: How a browser writes the time at which the messages of the full room were sent.
WHEN_SENT = """
  new Date("2025-01-02T03:04Z").toLocaleTimeString([], { hour: "numeric", minute: "numeric" })
"""


@pytest.fixture
def page(browser: Browser, server: servers.Server) -> Iterator[Page]:
    page = enter(browser, server.url)
    yield page
    page.context.close()


def enter(browser: Browser, url: str) -> Page:
    return chat_page(browser, url, "ada", demo.USERS["ada"])


def test_what_is_said_on_one_page_is_shown_on_both(
    browser: Browser, server: servers.Server
) -> None:
    room = secrets.token_hex(8)
    ada = enter(browser, server.url)
    grace = chat_page(browser, server.url, "grace", demo.USERS["grace"])
    for page in (ada, grace):
        page.goto(f"/chat/{room}/")
        expect(page.get_by_role("status")).to_have_text("Live")
    say(ada, "Hello!")
    for page, mine in ((ada, 1), (grace, 0)):
        expect(page.locator("li p")).to_have_text(["Hello!"])
        expect(page.locator("li.mine")).to_have_count(mine)
        expect(page.locator("li")).to_have_text(re.compile(r"^ada \d+:\d\d\s[AP]MHello!$"))
        expect(page.locator("li b")).to_have_text("ada")
        moment = page.locator("li time").get_attribute("datetime")
        assert moment
        assert abs(datetime.fromisoformat(moment) - datetime.now(timezone.utc)) < HOUR
    assert ada.url.endswith(f"/chat/{room}/")
    field = ada.get_by_label("Message", exact=True)
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    for page in (ada, grace):
        page.context.close()


def test_it_begins_with_the_last_fifty_messages_and_shows_the_last(
    page: Page, full_room: str
) -> None:
    page.goto(f"/chat/{full_room}/")
    expect(page.locator("li")).to_have_count(50)
    expect(page.locator("li p").first).to_have_text("Message 1")
    expect(page.locator("li time").first).to_have_text(page.evaluate(WHEN_SENT))
    expect(page.locator("li p").last).to_have_text("Message 50")
    expect(page.locator("li p").last).to_be_in_viewport()
    expect(page.get_by_role("heading")).to_be_in_viewport()


def test_what_is_not_sent_stays_and_the_page_says_why(page: Page) -> None:
    field = page.get_by_label("Message", exact=True)
    say(page, " ")
    expect(page.get_by_role("status")).to_have_text("Not sent. A message has 1 to 500 characters.")
    expect(page.get_by_role("status")).to_have_attribute("data-state", "failed")
    expect(field).to_have_value(" ")
    expect(field).to_be_focused()
    field.evaluate("field => { field.removeAttribute('maxlength'); }")
    field.evaluate("field => { field.value = 'a'.repeat(3_000_000); }")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text("Not sent. The server answered 413.")


def test_a_log_out_in_another_tab_ends_it(page: Page) -> None:
    page.add_init_script(RECORD_SOCKETS)
    page.reload()
    expect(page.get_by_role("status")).to_have_text("Live")
    other = page.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("status")).to_have_text(REFUSED)
    expect(page.get_by_role("status")).to_have_attribute("data-state", "refused")
    expect(other.get_by_role("heading")).to_have_text("Log in")
    assert page.evaluate("opened.length") == 1


def test_without_a_login_the_room_asks_for_one(browser: Browser, server: servers.Server) -> None:
    page = browser.new_page(base_url=server.url)
    page.goto("/chat/library/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".errorlist")).to_be_visible()
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(demo.USERS["ada"])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading")).to_have_text("library")
    page.close()


def test_the_mutation_needs_no_token_and_another_site_is_refused(server: servers.Server) -> None:
    variables = {"room": "lobby", "text": "Hello!"}
    with clients.login(server, "ada", demo.USERS["ada"]) as ada:
        del ada.cookies["csrftoken"]
        assert "errors" not in clients.graphql(ada, SEND, variables).json()
        elsewhere = {"Origin": "https://example.com"}
        answer = clients.graphql(ada, SEND, variables, headers=elsewhere)
        assert answer.status_code == httpx.codes.FORBIDDEN
