"""The section of docs/reference/consumers.md for people who have Strawberry's own consumers."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from strawberry_django import realtime
from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator

rooms = import_module("snippets.strawberry_consumers.myproject.rooms")


async def test_code_for_strawberrys_consumers_runs_as_it_is(channel_layer: Any) -> None:
    french = {"locale": "fr"}
    join = 'subscription { joinRooms(user: "ada", rooms: ["a", "b"]) }'
    async with GraphQLWebsocketCommunicator(rooms.websocket, connection_params=french) as socket:
        assert socket.connection_ack == french
        assert (await socket.execute("{ locale }")).data == french
        results = socket.subscribe(join)
        for _ in "ab":  # One for each room, and no copy by `groups`.
            assert (await anext(results)).data == {"joinRooms": "ada joined"}
        await channel_layer.group_send("b", {"type": "chat.message", "text": "hello"})
        assert (await anext(results)).data == {"joinRooms": "hello"}
        await results.aclose()
    async with GraphQLWebsocketCommunicator(rooms.websocket) as socket:
        assert (await socket.execute("{ locale }")).data == {"locale": "en"}


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("ChannelsConsumer", "GraphQLWSConsumer"),
        ("ChannelsRequest", "GraphQLRequest"),
        ("GraphQLProtocolTypeRouter", "AuthGraphQLProtocolTypeRouter"),
        ("SyncGraphQLHTTPConsumer", "use GraphQLHTTPConsumer"),
    ],
)
def test_what_there_is_not_says_what_to_use(name: str, instead: str) -> None:
    with pytest.raises(ImportError, match=f"{name}: .*{instead}"):
        getattr(realtime, name)


@pytest.mark.parametrize(
    ("base", "name"), [("GraphQLWSConsumer", "connect"), ("GraphQLHTTPConsumer", "handle")]
)
def test_a_method_that_nobody_would_call_is_refused(base: str, name: str) -> None:
    with pytest.raises(TypeError, match=f"Mine.{name} would never be called: "):
        type("Mine", (getattr(realtime, base),), {name: lambda self: None})
