"""What a channel layer does to those who listen, and they to it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.live.promises import promise
from tests.live.sites import Site, Sites, new_name, until
from tools.harness.clients import GRAPHQL_TRANSPORT_WS
from tools.harness.servers import SERVERS

LAYERS = ("pubsub", "core")
#: Seconds in which everything is back to what it was.
CALM = 20

gone_early = promise(
    "Sockets vanish just after they have subscribed",
    does="their channels, memberships of groups and tasks are given back, whatever the moment",
)
all_at_once = promise(
    "Hundreds subscribe in the same moment, after a deploy",
    does="they join the channel layer twenty at a time; check W013 names `max_connections`",
    setting="`max_connections` of the layer's hosts",
)


async def subscribe(site: Site, group: str) -> ClientConnection:
    """Open a socket and begin to listen; do not wait for the first result."""
    socket = await connect(
        site.server.ws_url + "/graphql",
        subprotocols=[Subprotocol(GRAPHQL_TRANSPORT_WS)],
        origin=Origin(site.url),
        compression=None,
        open_timeout=CALM,
        proxy=None,
    )
    query = f'subscription {{ listen(group: "{group}") }}'
    await socket.send(json.dumps({"type": "connection_init"}))
    await socket.recv()
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
    return socket


def is_calm(site: Site) -> bool:
    """Tell whether nobody listens in the process, and nothing is left of who did."""
    report = site.report()
    return not any(report["layer"].values()) and "Membership" not in str(report["tasks"])


@gone_early
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("server", SERVERS)
def test_nothing_is_left_of_sockets_that_vanish(sites: Sites, server: str, layer: str) -> None:
    site, group = sites.get(server, layer), new_name("group")
    until(lambda: is_calm(site), CALM)

    async def vanish(moment: float) -> None:
        socket = await subscribe(site, group)
        await asyncio.sleep(moment)
        socket.transport.abort()

    async def vanish_all() -> None:
        await asyncio.gather(*(vanish(number / 200) for number in range(30)))

    with site.quiet():
        asyncio.run(vanish_all())
        until(lambda: is_calm(site), CALM)


@all_at_once
def test_a_hundred_subscribe_at_once_on_a_few_connections(sites: Sites) -> None:
    core: dict[str, Any] = {"address": sites.redis.url, "socket_timeout": 15, "max_connections": 25}
    layer = {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [core]}}
    group = new_name("group")

    async def listen_all(site: Site) -> list[Any]:
        sockets = await asyncio.gather(*(subscribe(site, group) for _ in range(100)))
        received = [asyncio.wait_for(socket.recv(), 3 * CALM) for socket in sockets]
        answers = [json.loads(answer) for answer in await asyncio.gather(*received)]
        await asyncio.gather(*(socket.close() for socket in sockets))
        return answers

    with sites.another(CHANNEL_LAYERS={"default": layer}) as site:
        answers = asyncio.run(listen_all(site))
    heard = {"id": "1", "type": "next", "payload": {"data": {"listen": "listening"}}}
    assert [answer for answer in answers if answer != heard] == []
