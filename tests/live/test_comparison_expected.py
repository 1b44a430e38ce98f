"""Comparison: what somebody expects who knows Django, and no other live test shows."""

from __future__ import annotations

import contextlib
from contextlib import ExitStack
from typing import Any

from tests.live.promises import expected
from tests.live.sites import Site, Sites, new_name, until
from tools.harness.redis import redis_server

CALLS = 6


@expected("slow-query", "A slow query on one socket does not hold up a Django page")
def test_a_slow_query_and_a_page(site: Site) -> None:
    with site.slow_query():
        assert site.client().get("/").status_code == 200


@expected("slow-socket", "A slow query on one socket does not hold up another socket")
def test_a_slow_query_and_another_socket(site: Site) -> None:
    with site.socket() as socket:
        socket.init()
        with site.slow_query():
            socket.subscribe("1", "{ me }")
            assert socket.next_message()["payload"] == {"data": {"me": "nobody"}}


@expected("slow-handshake", "A slow query on one socket does not hold up a handshake")
def test_a_slow_query_and_a_handshake(site: Site) -> None:
    visitor = site.visitor()
    with site.slow_query(), site.socket(visitor=visitor) as socket:
        socket.init()


@expected("parallel", "Six slow queries, on six sockets, run beside each other")
def test_queries_run_beside_each_other(site: Site) -> None:
    with ExitStack() as stack:
        stack.enter_context(site.slow_query())
        for _ in range(CALLS - 1):
            socket = stack.enter_context(site.socket())
            socket.init()
            socket.subscribe("1", "{ wait }")
        until(lambda: site.running("wait") == CALLS)


def test_hooks_run_beside_each_other(site: Site) -> None:
    with ExitStack() as stack:
        stack.enter_context(site.slow_query())
        for _ in range(CALLS - 1):
            stack.enter_context(site.socket("/slow-hook")).send({"type": "connection_init"})
        until(lambda: site.running("wait") == CALLS)


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
