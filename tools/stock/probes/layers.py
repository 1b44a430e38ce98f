"""What a subscription hears over a Redis channel layer. Imports `claims`, `site`, the harness."""

from __future__ import annotations

import time
from functools import partial

from websockets.exceptions import ConnectionClosed

from tools.stock.claims import Seen, claim
from tools.stock.site import SECONDS, Site

PAUSE = 0.3

expected = partial(claim, kind="expected")


@expected(
    "redis-restart",
    says="After Redis has restarted, a subscription hears events again",
    redis="channels_redis.core.RedisChannelLayer",
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
