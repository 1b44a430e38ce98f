"""Comparison: what somebody expects who knows Django, and no other live test shows."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.live.promises import expected
from tests.live.sites import Site, Sites, new_name, until
from tools.harness.redis import redis_server

#: A resolver waits as long in the thread where the ORM runs; without it, all else takes a moment.
SLOW = 2.0
TRIES = 4
SHORT, CALLS = 0.5, 6


def seconds_of(action: Callable[[], object]) -> float:
    """Return how long something takes at most; the first try may come before the slow query."""
    took = []
    for _ in range(TRIES):
        start = time.monotonic()
        action()
        took.append(time.monotonic() - start)
    return max(took)


@contextmanager
def slow_query(site: Site) -> Iterator[None]:
    """Have a slow query under way on a socket."""
    with site.socket() as socket:
        socket.init()
        socket.subscribe("1", f"{{ wait(seconds: {SLOW}) }}")
        yield
        socket.next_message()


@expected("slow-query", "A slow query on one socket does not hold up a Django page")
def test_a_slow_query_and_a_page(site: Site) -> None:
    with slow_query(site):
        assert seconds_of(lambda: site.client().get("/")) < SLOW / 2


@expected("slow-socket", "A slow query on one socket does not hold up another socket")
def test_a_slow_query_and_another_socket(site: Site) -> None:
    def ask() -> None:
        socket.subscribe("1", "{ wait(seconds: 0) }")
        while socket.next_message()["type"] != "complete":
            pass

    with site.socket() as socket:
        socket.init()
        with slow_query(site):
            assert seconds_of(ask) < SLOW / 2


@expected("slow-handshake", "A slow query on one socket does not hold up a handshake")
def test_a_slow_query_and_a_handshake(site: Site) -> None:
    visitor = site.visitor()

    def come() -> None:
        with site.socket(visitor=visitor) as socket:
            socket.init()

    with slow_query(site):
        assert seconds_of(come) < SLOW / 2


@expected("parallel", "Six queries of 0.5 s, on six sockets, run beside each other")
def test_queries_run_beside_each_other(site: Site) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(site.socket()) for _ in range(CALLS)]
        for socket in sockets:
            socket.init()
        start = time.monotonic()
        for socket in sockets:
            socket.subscribe("1", f"{{ wait(seconds: {SHORT}) }}")
        for socket in sockets:
            socket.next_message()
        assert time.monotonic() - start < CALLS * SHORT / 2


@expected(
    "session-writes", "With `SESSION_SAVE_EVERY_REQUEST` what a page writes to the session is kept"
)
def test_what_a_page_writes_to_the_session(sites: Sites) -> None:
    site = sites.get(SESSION_SAVE_EVERY_REQUEST=True)
    visitor = site.visitor()
    assert [visitor.client.get("/visits").text for _ in range(3)] == ["1", "2", "3"]


def layers(backend: str, host: str) -> dict[str, Any]:
    """Return the setting `CHANNEL_LAYERS` with a layer over Redis."""
    return {"default": {"BACKEND": f"channels_redis.{backend}", "CONFIG": {"hosts": [host]}}}


@expected("redis-down", "While Redis is down, a query that does not need it is answered")
def test_redis_is_down(sites: Sites) -> None:
    nowhere = layers("pubsub.RedisPubSubChannelLayer", "redis://127.0.0.1:1")
    site = sites.get(CHANNEL_LAYERS=nowhere)
    assert site.post("{ ping }").json() == {"data": {"ping": "pong"}}


@expected("redis-restart", "After Redis has restarted, a subscription hears events again")
def test_redis_restarts(sites: Sites) -> None:
    group = new_name("group")
    with redis_server() as redis:
        over_redis = layers("core.RedisChannelLayer", redis.url)
        with sites.another(CHANNEL_LAYERS=over_redis) as site, site.socket() as socket:
            socket.init()
            socket.subscribe("1", f'subscription {{ listen(group: "{group}") }}')
            socket.next_message()
            redis.stop()
            redis.start()

            def hears() -> bool:
                site.act("publish", group=group, texts=["again"])
                with contextlib.suppress(TimeoutError):
                    return bool(socket.next_message(0.3)["type"] == "next")
                return False

            until(hears)
