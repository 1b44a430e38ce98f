"""What a client may do: how much, and how long."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import Any

import pytest

from strawberry_django.realtime.conf import DEFAULTS
from tests.live.promises import promise
from tests.live.sites import Site, new_name, until
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
documents = promise(
    "A document asks for too much: depth, aliases, tokens",
    does="refused before it is executed, over both transports, by Strawberry's own extensions",
    setting="`QueryDepthLimiter`, `MaxAliasesLimiter`, `MaxTokensLimiter`",
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


@many_messages
def test_a_socket_within_its_rate_stays(uvicorn: Site) -> None:
    with uvicorn.socket("/rate") as socket:
        socket.init()
        start = time.monotonic()
        socket.subscribe("1", 'subscription { tick(name: "rate", every: 0.3) }')
        for _ in range(4):
            socket.next_message()
            socket.send({"type": "pong"})
        assert time.monotonic() - start > 0.5


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


def node(depth: int) -> str:
    return "{ node " + "{ child " * depth + "{ name }" + " }" * depth + " }"


DOCUMENTS = {
    "depth": (node(4), node(30)),
    "aliases": (
        "{ " + " ".join(f"a{number}: __typename" for number in range(10)) + " }",
        "{ " + " ".join(f"a{number}: __typename" for number in range(50)) + " }",
    ),
    "tokens": (
        "{ " + "__typename " * 400 + "}",
        "{ " + "__typename " * 5_000 + "}",
    ),
}


def over_http(site: Site, query: str) -> Any:
    return site.post(query, path="/guarded").json()


def over_websocket(site: Site, query: str) -> Any:
    with site.socket("/guarded") as socket:
        socket.init()
        socket.subscribe("1", query)
        message = socket.next_message()
        payload = message["payload"]
        return {"errors": payload} if message["type"] == "error" else payload


@documents
@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("ask", [over_http, over_websocket])
def test_a_document_asks_for_so_much(uvicorn: Site, kind: str, ask: Any) -> None:
    within, beyond = DOCUMENTS[kind]
    assert "errors" not in ask(uvicorn, within)
    answer = ask(uvicorn, beyond)
    assert len(answer["errors"]) >= 1
    assert "data" not in answer or answer["data"] is None
    assert "node" not in json.dumps(answer.get("data"))


@many_sockets
@many_operations
@many_messages
@long_stay
def test_the_page_states_the_defaults() -> None:
    assert DEFAULTS["max_sockets_per_user"] == 100
    assert DEFAULTS["max_sockets_per_address"] is None
    assert DEFAULTS["max_subscriptions_per_connection"] == 100
    assert DEFAULTS["max_messages_per_second"] == 100
    assert DEFAULTS["max_message_size"] == 1024 * 1024
    assert (DEFAULTS["max_idle_time"], DEFAULTS["max_lifetime"]) == (None, None)
