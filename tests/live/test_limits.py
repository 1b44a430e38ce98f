"""What a client may do: how much, and how long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.live.promises import promise
from tests.live.raw import RawSocket
from tests.live.sites import Site, Visitor, new_name, until
from tools.harness.clients import WebSocketClient

many_sockets = promise(
    "One user, or one address, opens sockets without end",
    does="4429 for the one too many, with the limit's name; counted in each process",
    setting="`max_sockets_per_user` (100), `max_sockets_per_address` (none)",
)
many_operations = promise(
    "One socket starts operations without end",
    does="an `error` for the one too many, with the limit's name",
    setting="`max_subscriptions_per_connection` (100)",
)
many_messages = promise(
    "One socket sends messages without end",
    does="4429, with the limit's name",
    setting="`max_messages_per_second` (100)",
)
long_stay = promise(
    "Sockets are kept open for nothing, or for ever",
    does="4408 after the idle time or the lifetime that the project sets",
    setting="`max_idle_time`, `max_lifetime` (none)",
)


def closed_with(socket: WebSocketClient, code: int, name: str, site: Site) -> None:
    """See a socket closed with a reason that names the limit; Daphne sends no reasons."""
    assert socket.wait_closed() == code
    assert name in (socket.close_reason or "") or site.server.name == "daphne"


@many_sockets
def test_a_user_has_so_many_sockets(site: Site) -> None:
    visitor, other = site.visitor(), site.visitor()
    with ExitStack() as stack:
        opened = [stack.enter_context(site.socket("/per-user", visitor)) for _ in range(2)]
        with site.quiet(), site.socket("/per-user", visitor) as surplus:
            closed_with(surplus, 4429, "max_sockets_per_user", site)
        stack.enter_context(site.socket("/per-user", other)).init()
        stack.enter_context(site.socket("/per-user")).init()
        for socket in opened:
            socket.init()
        opened[0].close()

        def has_room() -> bool:
            with site.socket("/per-user", visitor) as again:
                again.send({"type": "connection_init"})
                try:
                    return bool(again.next_message()["type"] == "connection_ack")
                except Exception:
                    return False

        until(has_room)


@many_sockets
def test_an_address_has_so_many_sockets(site: Site) -> None:
    with site.socket("/per-address") as one, site.socket("/per-address") as two:
        with site.socket("/per-address") as surplus:
            closed_with(surplus, 4429, "max_sockets_per_address", site)
        one.init()
        two.init()


@contextmanager
def streamed(site: Site, path: str, visitor: Visitor, accept: str) -> Iterator[int]:
    """Ask for a stream, and give the status of the answer, which goes on inside the block."""
    tick = {"query": f'subscription {{ tick(name: "{new_name("tick")}") }}'}
    with visitor.client.stream("POST", path, json=tick, headers={"Accept": accept}) as answer:
        chunks = answer.iter_raw()  # The answer ends with it.
        next(chunks)
        yield answer.status_code


@many_sockets
@pytest.mark.parametrize("path", ["/per-user", "/inside-per-user"])
def test_streams_are_counted_with_the_sockets(site: Site, path: str) -> None:
    sse, multipart = "text/event-stream", "multipart/mixed;subscriptionSpec=1.0"
    visitor, other = site.visitor(), site.visitor()
    with site.socket(path, visitor) as socket, streamed(site, path, visitor, sse) as second:
        socket.init()
        with site.quiet(), streamed(site, path, visitor, multipart) as third:
            assert (second, third) == (200, 429)
        with site.socket(path, visitor) as surplus:
            closed_with(surplus, 4429, "max_sockets_per_user", site)
        with streamed(site, path, other, sse) as others:
            assert others == 200
        assert site.post("{ ping }", visitor, path=path).status_code == 200

    def has_room() -> bool:
        with (
            streamed(site, path, visitor, multipart) as one,
            streamed(site, path, visitor, sse) as two,
        ):
            return (one, two) == (200, 200)

    until(has_room)


@many_sockets
def test_behind_a_proxy_each_client_has_its_own_address(site: Site) -> None:
    def opened(forwarded: str) -> WebSocketClient:
        return site.socket("/proxied", headers={"X-Forwarded-For": forwarded})

    with opened("203.0.113.1") as one, opened("203.0.113.1, 203.0.113.2") as other:
        with opened("203.0.113.3, 203.0.113.1") as surplus:
            closed_with(surplus, 4429, "max_sockets_per_address", site)
        one.init()
        other.init()


@many_operations
def test_a_socket_has_so_many_operations(site: Site) -> None:
    names = [new_name("tick") for _ in range(3)]
    with site.socket("/few") as socket:
        socket.init()
        for name in names:
            socket.subscribe(name, f'subscription {{ tick(name: "{name}") }}')
        while (message := socket.next_message())["type"] != "error":
            pass
        assert message["id"] == names[2]
        assert "max_subscriptions_per_connection" in message["payload"][0]["message"]
        socket.complete(names[0])
        until(lambda: not site.running(names[0]))
        socket.subscribe("room", "{ ping }")
        while (message := socket.next_message())["id"] != "room":
            pass
        assert message["payload"] == {"data": {"ping": "pong"}}


@many_messages
def test_a_socket_sends_so_many_messages(site: Site) -> None:
    with site.socket("/rate") as socket:
        for _ in range(6):
            socket.send({"type": "pong"})
        closed_with(socket, 4429, "max_messages_per_second", site)


def test_a_hook_that_never_returns_has_a_bound(site: Site) -> None:
    with site.socket("/hanging-briefly") as socket:
        socket.send({"type": "connection_init"})
        closed_with(socket, 4408, "connection_init_wait_timeout", site)
    until(lambda: not site.running("hook"))


def test_a_hook_ends_when_its_client_leaves(site: Site) -> None:
    with RawSocket(site, "/hanging") as raw:
        raw.send('{"type": "connection_init"}')
        until(lambda: site.running("hook"))
    until(lambda: not site.running("hook"))


@long_stay
def test_an_idle_socket_is_closed(site: Site) -> None:
    with site.socket("/idle") as idle, site.socket("/idle") as busy:
        busy.init()
        busy.subscribe("1", 'subscription { tick(name: "busy") }')
        closed_with(idle, 4408, "max_idle_time", site)
        start = time.monotonic()
        while time.monotonic() - start < 0.8:
            assert busy.next_message()["type"] == "next"


@long_stay
def test_a_socket_has_a_lifetime(site: Site) -> None:
    with site.socket("/lifetime") as socket:
        socket.init()
        socket.subscribe("1", 'subscription { tick(name: "lifetime") }')
        closed_with(socket, 4408, "max_lifetime", site)
