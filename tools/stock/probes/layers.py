"""What subscriptions hear over a Redis channel layer. Imports `claims`, `site`, the harness."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from channels_redis.core import RedisChannelLayer
from websockets.exceptions import ConnectionClosed

from tools.harness.clients import WebSocketClient
from tools.harness.redis import RedisServer
from tools.harness.servers import SERVERS
from tools.stock.claims import Seen, claim
from tools.stock.site import SECONDS, Site

PAUSE = 0.3
QUIET_SECONDS = 2.0
SOCKETS = 150
SUBSCRIBERS, EVENTS = 50, 1_000
CORE = "channels_redis.core.RedisChannelLayer"
POOL = "redis-py opens 100 connections by default; the guide sets `max_connections`"
CAPACITY = "the layer keeps 100 messages by default; the guide sets `capacity`"

expected = partial(claim, kind="expected")


@contextlib.contextmanager
def subscribed(site: Site, number: int) -> Iterator[list[WebSocketClient]]:
    """Open sockets, and let them subscribe at once; yield those whose subscription has begun."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(site.socket()) for _ in range(number)]
        for socket in sockets:
            socket.init()
        for socket in sockets:
            socket.subscribe("1", "subscription { listen }")
        yield [socket for socket in sockets if heard(socket, 1)]


def heard(socket: WebSocketClient, most: int) -> int:
    """Return how many results a socket gets, up to ``most``, until it is quiet or closed."""
    number = 0
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        while number < most and socket.next_message(QUIET_SECONDS)["type"] == "next":
            number += 1
    return number


def publish(redis: RedisServer | None, events: int) -> None:
    """Publish from this process, which is another one than the site's."""
    assert redis is not None

    async def send() -> None:
        layer = RedisChannelLayer(hosts=[(redis.host, redis.port)])
        for number in range(events):
            await layer.group_send("probed", {"type": "probed.event", "text": str(number)})
        await layer.close_pools()

    asyncio.run(send())


@expected(
    "many-subscribe",
    says=f"With `hosts` alone, {SOCKETS} sockets can subscribe at once",
    redis=CORE,
    alone=True,
    beyond=dict.fromkeys(SERVERS, POOL),
)
def many_subscribe(site: Site) -> Seen:
    """Each is told that it listens, and hears an event."""
    with subscribed(site, SOCKETS) as listening:
        publish(site.redis, 1)
        with ThreadPoolExecutor(SOCKETS) as pool:
            told = sum(pool.map(lambda socket: heard(socket, 1), listening))
    return Seen(told == SOCKETS, "all hear an event" if told == SOCKETS else "some hear nothing")


@expected(
    "many-events",
    says=f"With `hosts` alone, {EVENTS:,} events from elsewhere reach {SUBSCRIBERS} subscribers",
    redis=CORE,
    alone=True,
    beyond=dict.fromkeys(SERVERS, CAPACITY),
)
def many_events(site: Site) -> Seen:
    """What is lost is lost without an error."""
    with subscribed(site, SUBSCRIBERS) as listening, ThreadPoolExecutor(SUBSCRIBERS) as pool:
        counts = pool.map(lambda socket: heard(socket, EVENTS), listening)
        publish(site.redis, EVENTS)
        share = sum(counts) / (SUBSCRIBERS * EVENTS)
    if share == 1:
        return Seen(True, "all arrive")
    return Seen(False, "less than half arrive" if share < 0.5 else "most arrive")


@expected(
    "redis-restart",
    says="After Redis has restarted, a subscription hears events again",
    redis=CORE,
    alone=True,
)
def redis_restart(site: Site) -> Seen:
    """One that was under way, and the events after it."""
    assert site.redis is not None
    visitor = site.visitor()
    end = time.monotonic() + 2 * SECONDS
    try:
        with site.socket() as socket:
            socket.init()
            socket.subscribe("1", "subscription { listen }")
            assert socket.next_message()["type"] == "next"
            site.redis.stop()
            site.redis.start()
            while time.monotonic() < end:
                site.act("publish", visitor)
                try:
                    kind = socket.next_message(PAUSE)["type"]
                except TimeoutError:
                    continue
                return Seen(kind == "next", "it does" if kind == "next" else kind)
    except ConnectionClosed as error:
        code = error.rcvd.code if error.rcvd else "no close frame"
        return Seen(False, f"its socket is closed ({code})")
    return Seen(False, "it hears nothing more")
