"""docs/guide/clients.md: after which close codes a client connects again, and what else ends."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.live.clients.node import Event, Page, page
from tests.live.clients.site import ADD, Site
from tools import demo
from tools.harness import clients

#: graphql-ws, and with it Apollo Client and urql, connects again.
AGAIN = (1001, 1012, 1013, 4012, 4403, 4408)
#: It gives up, and the subscription ends with the code.
FATAL = (1009, 1011, 4400, 4401, 4406, 4409, 4429, 4500)
SOCKETS = ("graphql_ws.js", "apollo.js", "urql.js")
STREAMS = ("graphql_sse.js", "apollo_http.js", "urql_http.js")


def listen(page: Page, room: str, client: str) -> int:
    """Listen with a client of its own, and so with a socket of its own."""
    module = f"{client}?{secrets.token_hex(4)}"
    return page.do("listen", module, document=ADD, variables={"room": room})


@pytest.fixture(scope="module")
def closed(
    sites: Mapping[str, Site], pages: Mapping[str, Page], cookies: dict[str, str]
) -> dict[int, int]:
    """A subscription with the defaults of graphql-ws for each code; all of them wait at once."""
    codes = (*AGAIN, *FATAL)
    for code in codes:
        sites["uvicorn"].say(cookies, f"close-{code}", "welcome")
    page = pages["uvicorn"]
    return {code: listen(page, f"close-{code}", "graphql_ws.defaults.js") for code in codes}


@pytest.mark.parametrize("code", FATAL)
def test_a_code_that_is_the_end(
    code: int, closed: dict[int, int], pages: Mapping[str, Page]
) -> None:
    error = pages["uvicorn"].fails(closed[code])
    assert (error["code"], error["reason"]) == (code, "The room asks for it")


@pytest.mark.parametrize("code", AGAIN)
def test_a_code_after_which_a_client_connects_again(
    code: int, closed: dict[int, int], pages: Mapping[str, Page]
) -> None:
    pages["uvicorn"].hears(closed[code], "welcome")


def test_a_refusal_is_the_end_with_what_the_guide_sets(pages: Mapping[str, Page]) -> None:
    page = pages["uvicorn"]
    error = page.fails(listen(page, "close-4403-guide", "graphql_ws.js"))
    assert error["code"] == 4403


@pytest.fixture(scope="module")
def visitor(sites: Mapping[str, Site]) -> Iterator[httpx.Client]:
    """Grace, who logs out one day."""
    server = sites["uvicorn"].server
    with clients.login(server, "grace", demo.USERS["grace"]) as grace:
        yield grace


@pytest.fixture(scope="module")
def logged_out(
    sites: Mapping[str, Site], modules: Path, visitor: httpx.Client
) -> Iterator[dict[str, list[Event]]]:
    """What each client was told when its user logged out while it listened."""
    site = sites["uvicorn"]
    cookies = dict(visitor.cookies)
    room = secrets.token_hex(6)
    site.say(cookies, room, "welcome")
    with page(modules, site.url, cookies) as opened:
        listening = {client: listen(opened, room, client) for client in (*SOCKETS, *STREAMS)}
        for number in listening.values():
            opened.hears(number, "welcome")
        headers = {"X-CSRFToken": cookies["csrftoken"], "Origin": site.url}
        assert visitor.post("/accounts/logout/", headers=headers).status_code == 302
        for number in listening.values():
            opened.wait(number, lambda event: event["event"] != "data")
        yield {client: opened.of(number) for client, number in listening.items()}


@pytest.mark.parametrize("client", SOCKETS)
def test_a_log_out_is_an_error_of_a_socket(client: str, logged_out: dict[str, list[Event]]) -> None:
    (error,) = (event["payload"] for event in logged_out[client] if event["event"] == "error")
    if client == "graphql_ws.js":
        assert (error["code"], error["reason"]) == (4401, "Logged out")


@pytest.mark.parametrize("client", STREAMS)
def test_a_log_out_ends_a_stream(client: str, logged_out: dict[str, list[Event]]) -> None:
    """Those that ask again are told why; urql takes the end of a stream for the end."""
    last = next(event for event in logged_out[client] if event["event"] != "data")
    assert last["event"] == ("complete" if client == "urql_http.js" else "error")
    assert last["event"] == "complete" or "Log in first." in last["payload"]["messages"]
