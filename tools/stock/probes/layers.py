"""What a subscription hears over a Redis channel layer. Imports `claims`, `site`, the harness."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import httpx
from websockets.exceptions import ConnectionClosed

from tools.harness.clients import WebSocketClient
from tools.stock.claims import Seen, claim
from tools.stock.site import SECONDS, Site

PAUSE = 0.3
CORE = "channels_redis.core.RedisChannelLayer"
PUBSUB = "channels_redis.pubsub.RedisPubSubChannelLayer"

expected = partial(claim, kind="expected", alone=True)


@contextmanager
def restarted(site: Site) -> Iterator[WebSocketClient]:
    """Restart Redis under a subscription, and give its socket."""
    assert site.redis is not None
    with site.socket() as socket:
        socket.init()
        socket.subscribe("1", "subscription { listen }")
        assert socket.next_message()["type"] == "next"
        site.redis.stop()
        site.redis.start()
        yield socket


def heard(socket: WebSocketClient) -> str | None:
    """Return what comes in a moment, if something does."""
    try:
        kind: str = socket.next_message(PAUSE)["type"]
    except TimeoutError:
        return None
    return kind


@expected(
    "redis-restart",
    says="After Redis has restarted, a subscription hears events again",
    redis=CORE,
)
def redis_restart(site: Site) -> Seen:
    """One that was under way, and the events after it."""
    visitor = site.visitor()
    end = time.monotonic() + 2 * SECONDS
    try:
        with restarted(site) as socket:
            while time.monotonic() < end:
                site.act("publish", visitor)
                if kind := heard(socket):
                    return Seen(kind == "next", "it does" if kind == "next" else kind)
    except ConnectionClosed as error:
        code = error.rcvd.code if error.rcvd else "no close frame"
        return Seen(False, f"its socket is closed ({code})")
    return Seen(False, "it hears nothing more")


@expected(
    "redis-gap",
    says="A subscription that missed events while Redis restarted is told so (pub/sub layer)",
    neither="the layer takes up to a second to notice, and tells nobody",
    redis=PUBSUB,
)
def redis_gap(site: Site) -> Seen:
    """What is published, without an error, before the layer listens to Redis again."""
    visitor = site.visitor()
    end = time.monotonic() + 2 * SECONDS
    published = 0
    with restarted(site) as socket:
        while time.monotonic() < end:
            with contextlib.suppress(httpx.HTTPStatusError):
                site.act("publish", visitor)
                published += 1
            kind = heard(socket)
            if kind == "next":
                whole = published == 1
                missed = "it misses none" if whole else "it misses some, and is told nothing"
                return Seen(whole, missed)
            if kind:
                return Seen(True, f"it is told: {kind}")
    return Seen(False, "it hears nothing more")
