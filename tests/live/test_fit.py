"""What a project brings along: its consumers, its middleware, a prefix, its ways to log out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.live.sites import Site, Sites, Visitor, new_name
from tools.harness.clients import WebSocketClient

LAYERS = ("memory", "pubsub", "core")


def logged_in(site: Site, visitor: Visitor) -> WebSocketClient:
    """Open a socket at whose session nobody looks again."""
    socket = site.socket("/never-looked", visitor)
    socket.init()
    return socket


@pytest.mark.parametrize("layer", LAYERS)
def test_strawberrys_tutorial_runs_on_each_layer(sites: Sites, layer: str) -> None:
    """By hand into the groups with `channel_name`, and by `listen_to_channel` once more."""
    site, rooms = sites.get(layer=layer), [new_name("room"), new_name("room")]
    join = 'subscription ($rooms: [String!]!) { joinRooms(user: "ada", rooms: $rooms) }'
    with site.socket("/rooms") as socket:
        socket.init()
        socket.subscribe("1", join, variables={"rooms": rooms})
        for _ in rooms:
            assert socket.next_message()["payload"] == {"data": {"joinRooms": "ada joined"}}
        site.act("publish", group=rooms[1], texts=["1", "2"], type="chat.message")
        for text in "12":
            assert socket.next_message()["payload"] == {"data": {"joinRooms": text}}


def another(site: Site, visitor: Visitor) -> None:
    name = new_name("visitor")
    site.act("create", username=name)
    site.act("enter", visitor.client, username=name)


WAYS_OUT: dict[str, Callable[[Site, Visitor], object]] = {
    "a page flushes the session": lambda site, who: site.act("flush", who.client),
    "somebody else logs in": another,
    "a consumer of the project's own": lambda site, who: site.act(
        "leave_as_channels_has_it", who.client
    ),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_every_way_out_is_heard_in_every_process(sites: Sites, way: str) -> None:
    here, there = sites.get("uvicorn"), sites.get("hypercorn")
    visitor = here.visitor()
    other = Visitor(visitor.username, here.client())
    here.act("enter", other.client, username=visitor.username)
    with (
        logged_in(here, visitor) as first,
        logged_in(there, visitor) as second,
        logged_in(here, other) as stays,
    ):
        WAYS_OUT[way](there, visitor)
        assert [first.wait_closed(), second.wait_closed()] == [4401, 4401]
        stays.subscribe("1", "{ me }")
        assert stays.next_message()["payload"] == {"data": {"me": visitor.username}}


@pytest.mark.parametrize("how", ["django", "channels", "flush"])
def test_who_logs_out_over_a_websocket_is_answered_and_closed(site: Site, how: str) -> None:
    visitor = site.visitor()
    with logged_in(site, visitor) as other, logged_in(site, visitor) as socket:
        socket.subscribe("1", f'mutation {{ leave(how: "{how}") }}')
        assert socket.next_message()["payload"] == {"data": {"leave": how}}
        assert [socket.wait_closed(), other.wait_closed()] == [4401, 4401]


@pytest.mark.parametrize("path", ["/never-looked", "/inside"])
def test_who_logs_out_over_http_as_over_a_websocket(uvicorn: Site, path: str) -> None:
    visitor = uvicorn.visitor()
    with logged_in(uvicorn, visitor) as socket:
        leave = 'mutation { leave(how: "channels") }'
        assert uvicorn.post(leave, visitor, path=path).json() == {"data": {"leave": "channels"}}
        assert socket.wait_closed() == 4401
