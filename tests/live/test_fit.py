"""What a project brings along: its consumers, its middleware, a prefix, its ways to log out."""

from __future__ import annotations

import pytest

from tests.live.sites import Sites, new_name

LAYERS = ("memory", "pubsub", "core")


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
