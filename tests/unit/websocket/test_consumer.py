"""One WebSocket, from its handshake to its end."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from strawberry_django.realtime import disconnect_user
from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer
from tests.schema import probe, schema, signals
from tests.support import LEGACY_WS, TRANSPORT_WS, queries, until
from tests.support_websocket import Socket, connect, refused, websocket_scope


def consumer(**options: Any) -> Any:
    return GraphQLWSConsumer.as_asgi(schema=schema, session_auth=True, **options)


application = consumer()
HELLO = "{ hello }"
LISTEN = 'subscription { listen(groups: ["%s"], name: "%s") }'


def query(name: str, field: str = "probe") -> str:
    return f'{{ {field}(name: "{name}") }}'


# What a resolver finds.


@pytest.mark.parametrize("subprotocol", [TRANSPORT_WS, LEGACY_WS])
async def test_the_user_is_safe_in_every_kind_of_resolver(
    subprotocol: str, ada_client: Client
) -> None:
    both = consumer(subscription_protocols=[TRANSPORT_WS, LEGACY_WS])
    text = "{ hello helloAsync currentUser { username } secret }"
    async with connect(both, subprotocols=[subprotocol], client=ada_client) as socket:
        start = socket.start if subprotocol == LEGACY_WS else socket.subscribe
        await start("1", text)
        assert (await socket.receive())["payload"]["data"] == {
            "hello": "Hello, ada!",
            "helloAsync": "Hello, ada!",
            "currentUser": {"username": "ada"},
            "secret": "for those who are logged in",
        }
        assert (await socket.receive())["type"] == "complete"
        await start("2", "subscription { hello }")
        assert (await socket.receive())["payload"] == {"data": {"hello": "Hello, ada!"}}


@dataclass
class ContextWithParams:
    request: Any
    connection_params: Any = None


@dataclass
class ContextWithout:
    request: Any


@pytest.mark.parametrize("context_class", [ContextWithParams, ContextWithout])
async def test_a_context_may_be_any_object(context_class: Any) -> None:
    class Other(GraphQLWSConsumer):
        async def get_context(self, request: Any, response: Any) -> Any:
            return context_class(request)

    def look(info: Any) -> Any:
        return getattr(info.context, "connection_params", "none")

    async with connect(Other.as_asgi(schema=schema, session_auth=True), init=False) as socket:
        await socket.init({"a": 1})
        expected = {"a": 1} if context_class is ContextWithParams else "none"
        assert await socket.result("1", query(probe(look))) == {"data": {"probe": expected}}


class Mapping(dict[str, Any]):
    """A context of a project's own."""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (ContextWithParams, dict, {"a": 1}),
        (dict, ContextWithParams, {"a": 1}),
        (Mapping, ContextWithParams, {"a": 1}),
        (Mapping, Mapping, {"a": 1}),
        (ContextWithout, dict, None),
        (ContextWithout, ContextWithParams, None),
        (dict, ContextWithout, "none"),
    ],
)
async def test_a_context_may_be_of_another_kind_once_the_user_is_known(
    before: Any, after: Any, expected: Any, ada: Any
) -> None:
    class Both(GraphQLWSConsumer):
        async def get_context(self, request: Any, response: Any) -> Any:
            return (after if request.user.is_authenticated else before)(request=request)

        async def on_connect(self, context: Any) -> None:
            request = context["request"] if isinstance(context, dict) else context.request
            request.user = ada

    def look(info: Any) -> Any:
        if isinstance(info.context, dict):
            return info.context["connection_params"]
        return getattr(info.context, "connection_params", "none")

    async with connect(Both.as_asgi(schema=schema, session_auth=True), init=False) as socket:
        await socket.init({"a": 1})
        assert await socket.result("1", query(probe(look))) == {"data": {"probe": expected}}


@pytest.mark.parametrize("subprotocol", [TRANSPORT_WS, LEGACY_WS])
async def test_whom_an_overridden_on_ws_connect_lets_in_is_watched(
    subprotocol: str, ada: Any
) -> None:
    """Strawberry's consumers have this hook, and no `on_connect`."""

    class Drop(GraphQLWSConsumer):
        async def on_ws_connect(self, context: Any) -> None:
            context["request"].user = ada

    application = Drop.as_asgi(
        schema=schema,
        session_auth=True,
        max_sockets_per_user=1,
        subscription_protocols=[TRANSPORT_WS, LEGACY_WS],
    )
    async with connect(application, subprotocols=[subprotocol]) as socket:
        async with connect(application, subprotocols=[subprotocol]) as surplus:
            assert (await surplus.closed())[0] == 4429
        disconnect_user(ada)
        assert (await socket.closed())[0] == 4401


# Who may enter.


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": None}, 403),
        ({"origin": "http://["}, 403),
        ({"host": "evil.example"}, 400),
        ({"path": "/graphql?a=\xff"}, 400),
    ],
)
async def test_a_handshake_is_refused_and_logged_once(
    scope: dict[str, Any], status: int, ada_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with queries() as asked:
        assert await refused(application, **{"client": ada_client, **scope}) == status
    assert asked == []
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    assert f"WebSocket /graphql refused ({status}): " in record.message


async def test_a_consumer_may_have_rules_of_its_own_for_origins() -> None:
    class Own(GraphQLWSConsumer):
        def is_websocket_origin_allowed(self, request: Any, origin: str) -> bool:
            return origin.endswith(".own.example")

    own = Own.as_asgi(schema=schema, session_auth=True)
    async with connect(own, origin="https://a.own.example") as socket:
        assert (await socket.result("1", HELLO))["data"]
    assert await refused(own, origin="https://evil.example") == 403


@pytest.mark.parametrize(
    ("offered", "switched_on", "picked"),
    [
        ([TRANSPORT_WS], None, TRANSPORT_WS),
        ([LEGACY_WS, TRANSPORT_WS], None, TRANSPORT_WS),
        ([LEGACY_WS, TRANSPORT_WS], [TRANSPORT_WS, LEGACY_WS], LEGACY_WS),
        ([LEGACY_WS], [LEGACY_WS], LEGACY_WS),
        ([LEGACY_WS], None, None),
        (["graphql-sse"], None, None),
        (["mqtt"], None, None),
        ([], None, None),
        ([TRANSPORT_WS], ["graphql-sse"], None),
    ],
)
async def test_the_subprotocol_is_the_first_offered_that_is_switched_on(
    offered: list[str], switched_on: list[str] | None, picked: str | None
) -> None:
    options = {} if switched_on is None else {"subscription_protocols": switched_on}
    socket = Socket(consumer(**options), websocket_scope(subprotocols=offered))
    assert await socket.handshake() == {"type": "websocket.accept", "subprotocol": picked}
    if picked is None:
        assert await socket.closed() == (4406, "Subprotocol not acceptable")
    else:
        await socket.init()
        await socket.disconnect()


async def test_a_server_may_leave_out_what_is_optional() -> None:
    scope = websocket_scope()
    for name in ("subprotocols", "root_path", "client", "server", "scheme"):
        del scope[name]
    socket = Socket(application, scope)
    assert (await socket.handshake())["type"] == "websocket.accept"
    assert (await socket.closed())[0] == 4406


async def test_on_connect_may_set_the_user(ada: Any) -> None:
    async def authenticate(context: Any) -> None:
        if context.connection_params.get("token") == "abc":
            context.request.user = ada

    with_token = consumer(on_connect=authenticate)
    for params, name in (({"token": "abc"}, "ada"), ({}, "stranger")):
        async with connect(with_token, init=False) as socket:
            await socket.init(params)
            result = await socket.result("1", HELLO)
            assert result == {"data": {"hello": f"Hello, {name}!"}}


# Subscriptions to a channel layer.


@pytest.mark.parametrize("slow_consumer", ["close", "drop_oldest", "latest"])
async def test_a_subscription_that_falls_behind(slow_consumer: str, channel_layer: Any) -> None:
    release = asyncio.Event()

    async def slow(info: Any) -> Any:
        consumer = info.context.consumer
        async with consumer.listen_to_channel("test.message", groups=["a"]) as messages:
            yield "listening"
            await release.wait()
            async for message in messages:
                yield message["text"]

    text = f'subscription {{ probe(name: "{probe(slow)}") }}'
    options = {"listener_capacity": 2, "slow_consumer": slow_consumer}
    async with connect(consumer(**options)) as socket:
        await socket.subscribe("1", text)
        await socket.receive()
        for number in range(10):
            await channel_layer.group_send("a", {"type": "test.message", "text": str(number)})
        await until(lambda: not any(queue.qsize() for queue in channel_layer.channels.values()))
        if slow_consumer == "close":
            code, reason = await socket.closed()
            assert code == 4429
            assert reason.startswith("Too slow: This subscription fell 2 'test.message' messages")
            return
        release.set()
        for text in ("8", "9"):
            assert (await socket.receive())["payload"] == {"data": {"probe": text}}
        assert (await socket.result("2", HELLO))["data"]


# Threads.


@pytest.mark.django_db(transaction=True)
async def test_a_slow_resolver_does_not_hold_up_another_socket(
    request: pytest.FixtureRequest,
) -> None:
    name = request.node.name
    async with connect(application) as slow, connect(application) as other:
        await slow.subscribe("1", query(name, "wait"))
        await until(signals[f"{name} started"].is_set)
        assert await other.result("1", "{ users }") == {"data": {"users": 0}}
        async with connect(application) as third:
            assert await third.result("1", "{ users }") == {"data": {"users": 0}}
        signals[name].set()
        assert (await slow.receive())["payload"] == {"data": {"wait": True}}


# The end.


async def test_a_client_that_does_not_read_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    async with connect(consumer(send_timeout=0.05), unread=2) as socket:
        await socket.subscribe("1", 'subscription { flood(size: 10, name: "unread") }')
        await until(lambda: caplog.records)
        message = await socket.message()
        while message["type"] == "websocket.send":
            message = await socket.message()
    assert message["code"] == 4429
    assert signals["unread ended"].is_set()
    (record,) = caplog.records
    assert record.exc_info is None


async def test_a_client_that_reads_and_answers_pings_gets_everything() -> None:
    received = 0
    async with connect(consumer(max_outbound_bytes=1000)) as socket:
        await socket.subscribe("1", "subscription { count(to: 200) }")
        while (answer := await socket.receive())["type"] != "complete":
            if answer["type"] == "ping":
                await socket.send({"type": "pong"})
            else:
                received += 1
    assert received == 200


async def test_a_client_that_pings_while_the_server_waits_for_its_pong_is_answered() -> None:
    async with connect(consumer(max_outbound_bytes=1000, send_timeout=5)) as socket:
        await socket.subscribe("1", "subscription { count(to: 200) }")
        came = []
        while not await socket.communicator.receive_nothing(0.05):
            came.append((await socket.receive())["type"])
        assert came.count("ping") == 1
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}
        await socket.send({"type": "pong"})
        while came[-1] != "complete":
            came.append((await socket.receive())["type"])
            if came[-1] == "ping":
                await socket.send({"type": "pong"})
    assert came.count("next") == 200


async def test_a_server_that_stops_closes_with_1012() -> None:
    async with connect(application) as socket:
        await socket.subscribe("1", LISTEN % ("a", "stopped"))
        await socket.receive()
        socket.communicator.future.cancel()
        message = await socket.message()
        assert message == {
            "type": "websocket.close",
            "code": 1012,
            "reason": "The server is restarting",
        }
        await until(signals["stopped ended"].is_set)
        await until(socket.communicator.future.done)
        assert socket.communicator.future.cancelled()


async def test_a_server_that_stops_waits_a_second_for_a_client_that_does_not_read() -> None:
    socket = Socket(application, websocket_scope(), unread=2)
    await socket.handshake()
    await socket.init()
    await socket.subscribe("1", "subscription { flood(size: 10) }")
    await until(socket.communicator.output_queue.full)
    future = socket.communicator.future
    future.cancel()
    await asyncio.wait([future], timeout=1.5)
    await until(lambda: future.cancelled(), seconds=0.3)


class Faulty(GraphQLWSConsumer):
    async def on_connect(self, context: Any) -> Any:
        raise ValueError("a secret")


async def test_a_fault_of_the_project_is_1011_that_tells_no_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with connect(Faulty.as_asgi(schema=schema, session_auth=True), init=False) as socket:
        await socket.send({"type": "connection_init"})
        assert await socket.closed() == (1011, "Internal server error")
    (record,) = caplog.records
    assert record.message == "The WebSocket /graphql failed"
    assert record.exc_info is not None


async def test_a_session_that_cannot_be_read_refuses_the_handshake(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SESSION_ENGINE = "tests.no_such_engine"
    assert await refused(application) == 503
    assert caplog.records[0].message == "The user of a handshake could not be read"
