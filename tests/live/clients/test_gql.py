"""docs/guide/clients.md: gql, with what the guide sets and without it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from tests.live.clients.gql_client import load
from tests.live.clients.site import ADD, ME, MESSAGES, SEND, Site
from tools.harness.servers import SERVERS


@pytest.fixture(params=SERVERS)
def site(request: pytest.FixtureRequest, sites: Mapping[str, Site]) -> Site:
    return sites[request.param]


@pytest.fixture
def headers(site: Site, cookies: dict[str, str]) -> dict[str, str]:
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return {"Origin": site.url, "Cookie": cookie}


def transport(site: Site, **options: Any) -> WebsocketsTransport:
    return WebsocketsTransport(url=site.url.replace("http", "ws") + "/graphql", **options)


def causes(error: BaseException | None) -> Iterator[str]:
    """What an exception and those behind it say."""
    while error is not None:
        yield f"{error} {getattr(getattr(error, 'response', None), 'body', '')}"
        error = error.__cause__


async def test_query_mutation_and_errors(site: Site, cookies: dict[str, str]) -> None:
    ask, room = load().ask, secrets.token_hex(6)
    assert await ask(site.url, cookies, ME) == {"me": "ada"}
    sent = await ask(site.url, cookies, SEND, room=room, text="hello")
    assert sent == {"sendMessage": {"text": "hello"}}
    assert await ask(site.url, cookies, MESSAGES, room=room) == {"messages": [{"text": "hello"}]}
    with pytest.raises(TransportQueryError, match="1 to 500 characters"):
        await ask(site.url, cookies, SEND, room=room, text=" ")
    with pytest.raises(TransportQueryError, match="Cannot query field"):
        await ask(site.url, cookies, "{ nothing }")


async def test_a_subscription_that_is_refused_ends(site: Site, cookies: dict[str, str]) -> None:
    with pytest.raises(TransportQueryError, match="A room's name"):
        await anext(load().listen(site.url, cookies, ADD, room="no such room"))


async def test_what_ends_by_itself_is_not_begun_again(site: Site, cookies: dict[str, str]) -> None:
    assert [data async for data in load().listen(site.url, cookies, ME)] == [{"me": "ada"}]


async def test_pings_of_both_sides_are_answered(site: Site, headers: dict[str, str]) -> None:
    pinging = transport(
        site,
        headers=headers,
        subprotocols=["graphql-transport-ws"],
        ping_interval=0.1,
        pong_timeout=20,
    )
    async with Client(transport=pinging) as session:
        await asyncio.wait_for(pinging.pong_received.wait(), 20)
        pinging.ping_received.clear()
        await asyncio.wait_for(pinging.ping_received.wait(), 20)
        assert await session.execute(GraphQLRequest(ME)) == {"me": "ada"}


async def test_without_an_origin_the_refusal_says_what_to_set(site: Site) -> None:
    with pytest.raises(TransportConnectionFailed) as failure:
        await transport(site).connect()
    assert "403" in " ".join(causes(failure.value))
    assert "A client that is no browser needs allow_missing_origin=True" in site.server.log()


async def test_its_own_choice_of_subprotocols(site: Site, headers: dict[str, str]) -> None:
    async with Client(transport=transport(site, headers=headers)) as session:
        if site.name != "hypercorn":
            assert await session.execute(GraphQLRequest(ME)) == {"me": "ada"}
            return
        # It takes the lower-case header of the answer for none, and speaks the legacy protocol.
        with pytest.raises(TransportConnectionFailed) as failure:
            await session.execute(GraphQLRequest(ME))
    said = " ".join(causes(failure.value))
    assert "4400" in said
    assert "this socket speaks graphql-transport-ws" in said
