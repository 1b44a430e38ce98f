"""Comparison: what the documentation says that both routers share, sentence by sentence."""

from __future__ import annotations

from typing import Any

from tests.live.promises import documented
from tests.live.raw import handshake_status
from tests.live.sites import SECONDS, Site, Sites, Visitor, new_name
from tools.harness.redis import RedisServer

#: Longer than the five seconds after which redis-py 8 gives up on a connection.
IDLE_SECONDS = 6.5


def over_websocket(
    site: Site, query: str, visitor: Visitor | None = None, path: str = "/graphql"
) -> Any:
    """Execute an operation over WebSocket; a subscription's answer is its first."""
    with site.socket(path, visitor) as socket:
        socket.init()
        socket.subscribe("1", query)
        return socket.next_message()["payload"]


@documented("mix", "Mix regular Django HTTP requests with GraphQL")
def test_a_page_and_graphql(site: Site) -> None:
    assert site.client().get("/").text == "plain"
    assert site.post("{ ping }").json() == {"data": {"ping": "pong"}}


@documented("both-transports", "Routes both HTTP and WebSocket to GraphQL")
def test_both_transports(site: Site) -> None:
    assert site.post("{ ping }").json() == {"data": {"ping": "pong"}}
    assert over_websocket(site, "{ ping }") == {"data": {"ping": "pong"}}


@documented("url-pattern", "`url_pattern`: URL pattern (default: `^graphql`)")
def test_the_url_pattern(site: Site) -> None:
    assert site.post("{ ping }", path="/posted").json() == {"data": {"ping": "pong"}}
    assert over_websocket(site, "{ ping }", path="/posted") == {"data": {"ping": "pong"}}


@documented("subscriptions", "Use GraphQL subscriptions")
def test_a_subscription(site: Site) -> None:
    with site.socket() as socket:
        socket.init()
        socket.subscribe("1", "subscription { count }")
        kinds = [socket.next_message()["type"] for _ in range(4)]
    assert kinds == ["next", "next", "next", "complete"]


def listens(site: Site, group: str, *, idle: float = 0) -> None:
    """See two sockets hear an event, after they have been idle for as long."""
    query = f'subscription {{ listen(group: "{group}") }}'
    with site.socket() as first, site.socket() as second:
        for socket in (first, second):
            socket.init()
            socket.subscribe("1", query)
            assert socket.next_message()["payload"] == {"data": {"listen": "listening"}}
        if idle:
            try:
                raise AssertionError(first.next_message(idle))
            except TimeoutError:
                pass
        site.act("publish", group=group, texts=["hello"])
        for socket in (first, second):
            assert socket.next_message(SECONDS)["payload"] == {"data": {"listen": "hello"}}


@documented("broadcast", "Broadcast to multiple clients: configure a channel layer (in-memory)")
def test_a_broadcast_in_memory(sites: Sites) -> None:
    listens(sites.get(layer="memory"), new_name("group"))


@documented("redis", "Production (Redis): `channels_redis.core.RedisChannelLayer` with `hosts`")
def test_a_broadcast_over_redis(sites: Sites, sessions_redis: RedisServer) -> None:
    config = {"hosts": [sessions_redis.url], "prefix": "documented"}
    backend = "channels_redis.core.RedisChannelLayer"
    layers = {"default": {"BACKEND": backend, "CONFIG": config}}
    listens(sites.get(CHANNEL_LAYERS=layers), new_name("group"), idle=IDLE_SECONDS)


@documented("user-http", "Access the user in resolvers: `info.context.request.user` (HTTP)")
def test_the_user_over_http(site: Site) -> None:
    visitor = site.visitor()
    answer = site.post("{ hello }", visitor).json()
    assert answer == {"data": {"hello": f"Hello, {visitor.username}!"}}


@documented(
    "user-websocket", "Access the user in resolvers: `info.context.request.user` (WebSocket)"
)
def test_the_user_over_websocket(site: Site) -> None:
    visitor = site.visitor()
    answer = over_websocket(site, "{ hello }", visitor)
    assert answer == {"data": {"hello": f"Hello, {visitor.username}!"}}


@documented("permissions", "Use it when you need permission checks, by the session")
def test_permission_checks(site: Site) -> None:
    visitor, known = site.visitor(), {"data": {"secret": "for users only"}}
    assert site.post("{ secret }", visitor).json() == known
    assert over_websocket(site, "{ secret }", visitor) == known
    assert site.post("{ secret }").json()["errors"]
    assert "for users only" not in str(over_websocket(site, "{ secret }"))


@documented(
    "listed-origin", "`AllowedHostsOriginValidator`: an origin of `ALLOWED_HOSTS` is let in"
)
def test_a_listed_origin(site: Site) -> None:
    assert handshake_status(site, headers={"Origin": "https://www.ours.example"}) == 101
