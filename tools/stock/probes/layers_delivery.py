"""How much of what is published arrives over Redis.

Imports `layers`, `claims`, `site` and the harness.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from functools import partial
from typing import Any

from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tools.harness.redis import RedisServer
from tools.stock.claims import Seen, claim
from tools.stock.probes.layers import CORE, PUBSUB
from tools.stock.site import SECONDS, Site

QUIET_SECONDS = 3.0
#: What a socket has not read when the probe ends is of no interest, one after the other.
CLOSE_SECONDS = 0.1
SOCKETS = 150
SUBSCRIBERS, EVENTS = 50, 1_000
PROTOCOLS = [Subprotocol("graphql-transport-ws")]
SUBSCRIBE = {"type": "subscribe", "id": "1", "payload": {"query": "subscription { listen }"}}

expected = partial(claim, kind="expected", alone=True)


async def results(socket: ClientConnection, most: int, seconds: float = QUIET_SECONDS) -> int:
    """Return how many results a socket gets, up to ``most``, until it is quiet or closed."""
    number = 0
    with contextlib.suppress(ConnectionClosed, asyncio.TimeoutError):
        while number < most:
            message = json.loads(await asyncio.wait_for(socket.recv(), seconds))
            if message["type"] == "ping":
                await socket.send(json.dumps({"type": "pong"}))
            elif message["type"] == "next":
                number += 1
            else:
                break
    return number


async def publish(redis: RedisServer, layer: Any, events: int) -> None:
    """Publish from this process, which is another one than the site's."""
    opened = layer(hosts=[(redis.host, redis.port)])
    for number in range(events):
        await opened.group_send("probed", {"type": "probed.event", "text": str(number)})


async def deliver(site: Site, layer: Any, sockets: int, events: int) -> list[int]:
    """Let sockets subscribe at once, publish, and return what each of them hears."""
    assert site.redis is not None
    url = f"{site.url.replace('http', 'ws', 1)}/graphql"
    async with contextlib.AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(
                connect(
                    url,
                    origin=Origin(site.url),
                    subprotocols=PROTOCOLS,
                    ping_interval=None,
                    close_timeout=CLOSE_SECONDS,
                )
            )
            for _ in range(sockets)
        ]
        for socket in opened:
            await socket.send(json.dumps({"type": "connection_init"}))
            await socket.recv()
        for socket in opened:
            await socket.send(json.dumps(SUBSCRIBE))
        begun = await asyncio.gather(*(results(socket, 1, SECONDS) for socket in opened))
        await publish(site.redis, layer, events)
        listening = [socket for socket, one in zip(opened, begun, strict=True) if one]
        return await asyncio.gather(*(results(socket, events) for socket in listening))


def many_subscribe(site: Site) -> Seen:
    """Each is told that it listens, and hears an event."""
    heard = sum(asyncio.run(deliver(site, RedisChannelLayer, SOCKETS, 1)))
    assert heard, "not even one hears an event"
    return Seen(heard == SOCKETS, "all hear an event" if heard == SOCKETS else "some hear nothing")


def many_events(site: Site, layer: Any) -> Seen:
    """Each should hear each event."""
    heard = sum(asyncio.run(deliver(site, layer, SUBSCRIBERS, EVENTS)))
    assert heard, "not even one event arrives"
    share = heard / (SUBSCRIBERS * EVENTS)
    if share == 1:
        return Seen(True, "all arrive")
    return Seen(False, "less than half arrive" if share < 0.5 else "most arrive")


expected(
    "many-subscribe",
    says=f"{SOCKETS} sockets can subscribe at once (core layer with `hosts` alone)",
    neither="the layer takes a connection for each, and redis-py opens 100 by default",
    redis=CORE,
)(many_subscribe)
expected(
    "many-subscribe-pool",
    says=f"{SOCKETS} sockets can subscribe at once (core layer with `max_connections`)",
    redis=CORE,
    pool=1_000,
)(many_subscribe)
expected(
    "many-events",
    says=f"{EVENTS:,} events of another process reach {SUBSCRIBERS} subscribers (core layer)",
    neither="by default the layer keeps 100 messages for a process, and drops the rest",
    redis=CORE,
)(partial(many_events, layer=RedisChannelLayer))
expected(
    "many-events-pubsub",
    says=f"{EVENTS:,} events of another process reach {SUBSCRIBERS} subscribers (pub/sub layer)",
    redis=PUBSUB,
)(partial(many_events, layer=RedisPubSubChannelLayer))
