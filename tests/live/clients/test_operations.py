"""docs/guide/clients.md: every client asks, changes, listens, fails and answers pings."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import pytest

from tests.live.clients.node import CLIENTS, Page
from tests.live.clients.site import ADD, ME, MESSAGES, SEND, Site
from tools.harness.servers import SERVERS

EVERY = [f"{name}.js" for name in CLIENTS]


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def page(server: str, pages: Mapping[str, Page]) -> Page:
    return pages[server]


@pytest.fixture
def site(server: str, sites: Mapping[str, Site]) -> Site:
    return sites[server]


@pytest.mark.parametrize("client", EVERY)
def test_query_mutation_and_subscription(
    client: str, page: Page, site: Site, cookies: dict[str, str]
) -> None:
    room = secrets.token_hex(6)
    assert page.ask("query", client, document=ME)["payload"] == {"me": "ada"}
    sent = page.ask("mutate", client, document=SEND, variables={"room": room, "text": "first"})
    assert sent["payload"]["sendMessage"]["text"] == "first"
    asked = page.ask("query", client, document=MESSAGES, variables={"room": room})
    assert [message["text"] for message in asked["payload"]["messages"]] == ["first"]

    listening = page.do("listen", client, document=ADD, variables={"room": room})
    page.hears(listening, "first")
    site.say(cookies, room, "second")
    page.hears(listening, "second")
    assert page.ask("stop", of=listening)["event"] == "data"
    other = page.do("listen", client, document=ADD, variables={"room": room})
    site.say(cookies, room, "third")
    page.hears(other, "third")
    page.ask("stop", of=other)
    assert "third" not in str(page.of(listening))
    assert {event["event"] for event in page.of(listening)} <= {"data", "complete"}


@pytest.mark.parametrize("client", ["apollo.js", "apollo_http.js", "urql.js", "urql_http.js"])
def test_a_query_that_was_answered_is_not_sent_again(client: str, page: Page) -> None:
    answer = page.ask("query", client, document=ME)["payload"]
    sent = page.ask("fetched")["payload"]
    assert sent > 0
    assert page.ask("query", client, document=ME)["payload"] == answer
    assert page.ask("fetched")["payload"] == sent


@pytest.mark.parametrize("client", EVERY)
def test_a_subscription_that_ends_is_complete(client: str, page: Page) -> None:
    number = page.do("listen", client, document="subscription { once }")
    page.wait(number, lambda event: event["event"] == "complete")
    assert [event["event"] for event in page.of(number)] == ["data", "complete"]


@pytest.mark.parametrize("client", EVERY)
def test_errors_say_what_is_wrong(client: str, page: Page) -> None:
    empty = {"room": "lobby", "text": " "}
    refused = page.fails(page.do("mutate", client, document=SEND, variables=empty))
    assert any("1 to 500 characters" in text for text in refused["messages"]), refused

    invalid = page.fails(page.do("query", client, document="query { nothing }"))
    assert any("Cannot query field" in text for text in invalid["messages"]), invalid

    room = {"room": "no such room"}
    not_a_room = page.fails(page.do("listen", client, document=ADD, variables=room))
    assert any("A room's name" in text for text in not_a_room["messages"]), not_a_room

    unknown = "subscription { nothing }"
    not_there = page.fails(page.do("listen", client, document=unknown))
    assert any("Cannot query field" in text for text in not_there["messages"]), not_there


def test_pings_are_answered(page: Page, site: Site, cookies: dict[str, str]) -> None:
    room = secrets.token_hex(6)
    listening = page.do("listen", "graphql_ws.js", document=ADD, variables={"room": room})
    before = page.ask("pongs")["payload"]
    while page.ask("pongs")["payload"] < before + 2:
        assert not page.of(listening), "the client has ended"
    site.say(cookies, room, "still here")
    page.hears(listening, "still here")
    page.ask("stop", of=listening)
