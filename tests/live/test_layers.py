"""What a channel layer does to those who listen, and they to it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from channels_redis.core import RedisChannelLayer
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from strawberry_django.realtime.auth.revocation import GROUP, MESSAGE_TYPE
from tests.live.promises import promise
from tests.live.sites import POLL, Site, Sites, new_name, until
from tools.harness.clients import GRAPHQL_TRANSPORT_WS
from tools.harness.servers import SERVERS

LAYERS = ("pubsub", "core")
CORE = "channels_redis.core.RedisChannelLayer"
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
expiring = promise(
    "A subscription lasts longer than the layer keeps a membership (`group_expiry`)",
    does="membership is renewed twenty-four times in that time, of every group, busy or not",
    setting="`group_expiry` of the layer (24 h)",
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
    host = {"address": sites.redis.url, "socket_timeout": 15, "max_connections": 25}
    layer = {"BACKEND": CORE, "CONFIG": {"hosts": [host]}}
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


@expiring
def test_no_membership_expires_while_its_subscription_lasts(sites: Sites) -> None:
    config: dict[str, Any] = {
        "hosts": [{"address": sites.redis.url, "socket_timeout": 15, "max_connections": 100}],
        "group_expiry": 2,
        "prefix": "expiring",
    }
    group = new_name("group")

    async def outlive_and_tell(user: str) -> None:
        layer: Any = RedisChannelLayer(**config)
        redis = layer.connection(0)
        for name in (group, GROUP):  # Their members by the time of their joining.
            members = await redis.zrange(f"expiring:group:{name}", 0, -1, withscores=True)
            end = asyncio.get_running_loop().time() + CALM
            ((member, joined),) = members
            while (
                renewed := await redis.zscore(f"expiring:group:{name}", member) or 0
            ) < joined + 4:
                assert asyncio.get_running_loop().time() < end, (name, joined, renewed)
                await asyncio.sleep(POLL)
        await layer.group_send(group, {"type": "site.event", "text": "still a member"})
        revoke = {"type": MESSAGE_TYPE, "user": user, "recheck": False}
        await layer.group_send(GROUP, revoke)
        await layer.close_pools()

    with sites.another(CHANNEL_LAYERS={"default": {"BACKEND": CORE, "CONFIG": config}}) as site:
        visitor = site.visitor()
        with site.socket(visitor=visitor) as socket:
            socket.init()
            socket.subscribe("1", f'subscription {{ listen(group: "{group}") }}')
            assert socket.next_message()["payload"]["data"] == {"listen": "listening"}
            asyncio.run(outlive_and_tell(str(visitor.pk)))
            assert socket.next_message()["payload"]["data"] == {"listen": "still a member"}
            assert socket.wait_closed() == 4401
