"""What a client may do: the graphql-transport-ws protocol, in full."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.live.promises import expected, promise
from tests.live.sites import Site, new_name, until
from tools.harness.clients import GRAPHQL_WS, WebSocketClient

STREAMS = ("text/event-stream", "multipart/mixed;subscriptionSpec=1.0")
FAULTY = {
    "syntax": "{ ping",
    "unknown field": "{ nowhere }",
    "missing argument": "{ echo }",
    "empty": "",
    "no operation": "fragment F on Query { ping }",
    "subscription to nothing": "subscription { nowhere }",
}

own_error = promise(
    "One faulty document takes the other operations of the socket along",
    does="an `error` message for its own id; the others go on",
)
protocol = promise(
    "A client breaks the order of the protocol",
    does="4401 before `connection_init`, 4429 for a second one, 4408 for none, 4409 for an id in "
    "use, 4406 for no common subprotocol, 4400 for the rest",
    setting="`connection_init_wait_timeout` (1 min)",
)
legacy = promise(
    "The legacy subprotocol `graphql-ws` widens the attack surface",
    does="off unless asked for",
    setting="`subscription_protocols`",
)


def result(socket: WebSocketClient, query: str) -> Any:
    """Ask a query beside whatever goes on, and return its result."""
    name = new_name("query")
    socket.subscribe(name, query)
    while (message := socket.next_message()).get("id") != name:
        pass
    return message["payload"]


def test_queries_mutations_and_subscriptions_travel(site: Site) -> None:
    name = new_name("touch")
    with site.socket() as socket:
        socket.init()
        assert result(socket, "{ ping }") == {"data": {"ping": "pong"}}
        assert result(socket, f'mutation {{ touch(name: "{name}") }}') == {"data": {"touch": 1}}
        socket.subscribe("count", "subscription { count(to: 2) }")
        kinds: list[str] = []
        while not kinds or kinds[-1] != "complete":
            message = socket.next_message()
            if message.get("id") == "count":
                kinds.append(message["type"])
        assert kinds == ["next", "next", "complete"]


@own_error
@pytest.mark.parametrize("kind", FAULTY)
@expected(
    "siblings", "A faulty document is an `error` for its own id, and the other operations go on"
)
def test_a_faulty_document_is_an_error_of_its_own(site: Site, kind: str) -> None:
    name = new_name("tick")
    with site.socket() as socket, site.quiet():
        socket.init()
        socket.subscribe("sibling", f'subscription {{ tick(name: "{name}") }}')
        assert socket.next_message()["id"] == "sibling"
        socket.subscribe("faulty", FAULTY[kind])
        while (message := socket.next_message())["id"] != "faulty":
            pass
        assert message["type"] == "error"
        assert message["payload"][0]["message"]
        assert socket.next_message()["id"] == "sibling"
        # The id is free again.
        socket.subscribe("faulty", "{ ping }")
        while (message := socket.next_message())["id"] != "faulty":
            pass
        assert message["payload"] == {"data": {"ping": "pong"}}


@protocol
def test_subscribe_before_init_is_4401(site: Site) -> None:
    with site.socket() as socket:
        socket.subscribe("1", "{ ping }")
        assert socket.wait_closed() == 4401


@protocol
def test_a_second_init_is_4429(site: Site) -> None:
    with site.socket() as socket:
        socket.init()
        socket.send({"type": "connection_init"})
        assert socket.wait_closed() == 4429


@protocol
def test_no_init_is_4408(site: Site) -> None:
    with site.socket("/hasty") as socket:
        assert socket.wait_closed() == 4408


@protocol
def test_an_id_in_use_is_4409(site: Site) -> None:
    name = new_name("tick")
    with site.socket() as socket:
        socket.init()
        for _ in range(2):
            socket.subscribe("1", f'subscription {{ tick(name: "{name}") }}')
        assert socket.wait_closed() == 4409
    until(lambda: not site.running(name))


@protocol
@pytest.mark.parametrize("subprotocol", [None, "mqtt"])
def test_no_common_subprotocol_is_4406(site: Site, subprotocol: str | None) -> None:
    with site.socket(subprotocol=subprotocol) as socket:
        assert socket.wait_closed() == 4406


@protocol
@pytest.mark.parametrize("message", ["{", "[]", '{"type": "nonsense"}', '{"type": "next"}'])
def test_what_is_no_message_is_4400(site: Site, message: str) -> None:
    with site.socket() as socket:
        socket.init()
        socket.send_raw(message)
        assert socket.wait_closed() == 4400


def test_complete_ends_the_subscription(site: Site) -> None:
    name = new_name("tick")
    with site.socket() as socket:
        socket.init()
        socket.subscribe("1", f'subscription {{ tick(name: "{name}") }}')
        socket.next_message()
        assert site.running(name) == 1
        socket.complete("1")
        until(lambda: not site.running(name))
        assert result(socket, "{ ping }") == {"data": {"ping": "pong"}}


@promise(
    "A client goes away without a word",
    does="its generators are closed, and no task is left",
)
@pytest.mark.parametrize("accept", [None, *STREAMS])
def test_what_a_client_leaves_behind_is_ended(site: Site, accept: str | None) -> None:
    name = new_name("tick")
    query = f'subscription {{ tick(name: "{name}") }}'
    if accept is None:
        with site.socket() as socket:
            socket.init()
            socket.subscribe("1", query)
            socket.next_message()
            assert site.running(name) == 1
            socket.connection.socket.close()
    else:
        with site.client().stream(
            "POST", "/graphql", json={"query": query}, headers={"Accept": accept}
        ) as answer:
            chunks = answer.iter_text()
            next(chunk for chunk in chunks if "tick" in chunk)
            assert site.running(name) == 1
    until(lambda: not site.running(name))


def test_a_ping_is_answered_with_its_payload(site: Site) -> None:
    with site.socket() as socket:
        socket.send({"type": "ping", "payload": {"a": 1}})
        assert socket.next_message()["type"] == "pong"


@promise(
    "A subscription over server-sent events or multipart is forgotten by the channel layer",
    does="events of the channel layer arrive over both",
)
@pytest.mark.parametrize("accept", STREAMS)
@expected("sse", "A subscription can travel over HTTP")
def test_events_of_the_channel_layer_arrive_over_http(site: Site, accept: str) -> None:
    group = new_name("group")
    query = f'subscription {{ listen(group: "{group}") }}'
    with site.client().stream(
        "POST", "/graphql", json={"query": query}, headers={"Accept": accept}
    ) as answer:
        chunks = answer.iter_text()
        next(chunk for chunk in chunks if "listening" in chunk)
        site.act("publish", group=group, texts=["hello"])
        next(chunk for chunk in chunks if "hello" in chunk)


@legacy
def test_the_legacy_subprotocol_is_off(site: Site) -> None:
    with site.socket(subprotocol=GRAPHQL_WS) as socket:
        assert socket.wait_closed() == 4406


@legacy
def test_the_legacy_subprotocol_works_where_it_is_asked_for(site: Site) -> None:
    with site.socket("/legacy", subprotocol=GRAPHQL_WS) as socket:
        socket.init()
        socket.subscribe("1", "subscription { count(to: 1) }")
        assert json.dumps(socket.next_message()["payload"]) == '{"data": {"count": 1}}'
