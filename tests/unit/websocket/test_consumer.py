"""One WebSocket, from its handshake to its end."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from typing import Any

import pytest
from channels.auth import AuthMiddlewareStack
from channels.layers import get_channel_layer
from django.http import HttpRequest
from django.test import Client
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from strawberry.exceptions import ConnectionRejectionError

from strawberry_django.realtime.context import GraphQLContext
from strawberry_django.realtime.exceptions import AuthNotConfiguredError, WebSocketLoginError
from strawberry_django.realtime.request import GraphQLRequest
from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer
from tests.schema import probe, schema, signals
from tests.support import LEGACY_WS, TRANSPORT_WS, ended, queries, until
from tests.support_websocket import Socket, connect, refused, websocket_scope
from tools.harness.redis import RedisServer


def consumer(**options: Any) -> Any:
    return GraphQLWSConsumer.as_asgi(schema=schema, session_auth=True, **options)


application = consumer()
HELLO = "{ hello }"
LISTEN = 'subscription { listen(groups: ["%s"], name: "%s") }'


def query(name: str, field: str = "probe") -> str:
    return f'{{ {field}(name: "{name}") }}'


# What a resolver finds.


async def test_the_context_and_its_request() -> None:
    def look(info: Any) -> list[bool]:
        context = info.context
        return [
            isinstance(context, GraphQLContext),
            type(context.request) is GraphQLRequest,
            isinstance(context.request, HttpRequest),
            context["request"] is context.request is context.get("request"),
            context["response"] is None,
            context["ws"] is context.ws is context.consumer,
            isinstance(context.consumer, GraphQLWSConsumer),
            context.request.consumer is context.consumer,
            context.request.scope is context.consumer.scope,
            context.request.scope["type"] == "websocket",
            context["connection_params"] == {"token": "abc"},
            context.request.GET["room"] == "lobby",
            context.request.get_host() == "testserver",
        ]

    async with connect(application, "/graphql?room=lobby", init=False) as socket:
        await socket.init({"token": "abc"})
        result = await socket.result("1", query(probe(look)))
    assert result == {"data": {"probe": [True] * 13}}


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


async def test_scope_has_the_user_and_the_session_as_channels_has_them(ada_client: Client) -> None:
    def look(info: Any) -> list[bool]:
        request = info.context.request
        return [
            request.scope["user"] is request.user,
            request.scope["session"] is request.session,
        ]

    async with connect(application, client=ada_client) as socket:
        assert await socket.result("1", query(probe(look))) == {"data": {"probe": [True, True]}}


class Custom(GraphQLWSConsumer):
    async def get_context(self, request: Any, response: Any) -> Any:
        assert response is self
        return {"request": request, "loader": object()}

    async def get_root_value(self, request: Any) -> Any:
        return request.path


async def test_a_consumer_may_give_a_plain_dict_and_a_root_value() -> None:
    loaders = []

    def look(info: Any) -> Any:
        loaders.append(info.context.loader)
        return [type(info.context).__name__, info.context.connection_params]

    async with connect(Custom.as_asgi(schema=schema, session_auth=True), init=False) as socket:
        await socket.init({"a": 1})
        for number in range(2):
            text = f'{{ root hello probe(name: "{probe(look)}") }}'
            assert await socket.result(str(number), text) == {
                "data": {
                    "root": "'/graphql'",
                    "hello": "Hello, stranger!",
                    "probe": ["GraphQLContext", {"a": 1}],
                }
            }
    assert loaders[0] is not loaders[1]


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


@pytest.mark.parametrize(
    ("origin", "options"),
    [
        ("http://testserver", {}),
        ("https://localhost:3000", {}),
        ("https://app.example", {"allowed_origins": ["https://app.example"]}),
        (None, {"allow_missing_origin": True}),
    ],
)
async def test_an_origin_that_is_let_in_is_not_refused_a_second_time(
    origin: str | None, options: dict[str, Any]
) -> None:
    async with connect(consumer(**options), origin=origin) as socket:
        assert (await socket.result("1", HELLO))["data"]


async def test_an_origin_of_csrf_trusted_origins_is_let_in(settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.trusted.example"]
    async with connect(application, origin="https://app.trusted.example") as socket:
        assert (await socket.result("1", HELLO))["data"]


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


async def test_on_ws_connect_may_be_overridden_as_strawberrys() -> None:
    class Guarded(GraphQLWSConsumer):
        async def on_ws_connect(self, context: Any) -> Any:
            if context["connection_params"].get("token") != "abc":
                raise ConnectionRejectionError
            return {"welcome": True}

    guarded = Guarded.as_asgi(schema=schema, session_auth=True)
    async with connect(guarded, init=False) as socket:
        await socket.send({"type": "connection_init"})
        assert await socket.closed() == (4403, "Forbidden")
    async with connect(guarded, init=False) as socket:
        ack = await socket.init({"token": "abc"})
        assert ack == {"type": "connection_ack", "payload": {"welcome": True}}


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


async def test_one_socket_too_many_of_a_user_is_4429(ada: Any, ada_client: Client) -> None:
    limited = consumer(max_sockets_per_user=1)
    async with connect(limited, client=ada_client) as first:
        socket = Socket(limited, websocket_scope(client=ada_client))
        assert (await socket.handshake())["type"] == "websocket.accept"
        code, reason = await socket.closed()
        assert code == 4429
        assert "max_sockets_per_user" in reason
        async with connect(limited) as stranger:
            assert (await stranger.result("1", HELLO))["data"]
        assert (await first.result("1", HELLO))["data"]

    async def authenticate(context: Any) -> None:
        context.request.user = ada

    limited = consumer(max_sockets_per_user=1, on_connect=authenticate)
    async with connect(limited, client=None), connect(limited, init=False) as second:
        await second.send({"type": "connection_init"})
        message = await second.message()
        assert (message["type"], message["code"]) == ("websocket.close", 4429)


async def test_nobody_logs_in_over_a_websocket(ada: Any) -> None:
    log_in = 'mutation { login(username: "ada", password: "analytical-engine") { username } }'
    async with connect(application) as socket:
        result = await socket.result("1", log_in)
    assert result["errors"][0]["message"] == str(WebSocketLoginError())


# Without a session of its own.


async def test_a_bare_consumer_has_no_user_and_says_so(ada_client: Client) -> None:
    bare = GraphQLWSConsumer.as_asgi(schema=schema)
    with queries() as asked:
        async with connect(bare, client=ada_client) as socket:
            result = await socket.result("1", HELLO)
            assert result["errors"][0]["message"] == str(AuthNotConfiguredError())
            assert (await socket.result("2", '{ echo(text: "hi") }'))["data"]
    assert asked == []


async def test_inside_channels_auth_middleware_it_takes_its_user(ada_client: Client) -> None:
    stack = AuthMiddlewareStack(GraphQLWSConsumer.as_asgi(schema=schema))
    async with connect(stack, client=ada_client) as socket:
        result = await socket.result("1", "{ hello currentUser { username } }")
    assert result == {"data": {"hello": "Hello, ada!", "currentUser": {"username": "ada"}}}


# Subscriptions to a channel layer.


async def test_what_is_sent_to_a_group_reaches_who_listens(channel_layer: Any) -> None:
    async with connect(application) as socket:
        await socket.subscribe("a", LISTEN % ("a", "ws a"))
        await socket.subscribe("b", LISTEN % ("b", "ws b"))
        answers = [await socket.receive(), await socket.receive()]
        assert {answer["id"] for answer in answers} == {"a", "b"}
        for group in ("a", "b"):
            await channel_layer.group_send(group, {"type": "test.message", "text": f"to {group}"})
            answer = await socket.receive()
            assert answer["id"] == group
            assert answer["payload"] == {"data": {"listen": f"to {group}"}}
        await socket.send({"id": "a", "type": "complete"})
        await until(signals["ws a ended"].is_set)
        await until(lambda: "a" not in channel_layer.groups)
        assert "b" in channel_layer.groups
    assert signals["ws b ended"].is_set()
    assert channel_layer.groups == {}


async def test_a_waiting_subscription_holds_no_thread(
    channel_layer: Any, ada_client: Client
) -> None:
    before = set(threading.enumerate())
    async with connect(application, client=ada_client) as socket:
        for number in range(10):
            await socket.subscribe(str(number), LISTEN % ("a", "threads"))
            await socket.receive()
        await until(lambda: set(threading.enumerate()) <= before)


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


async def test_when_redis_dies_the_subscription_is_told_and_the_socket_lives(
    redis: RedisServer, settings: Any
) -> None:
    address = {"address": redis.url, "socket_timeout": 15, "retry": Retry(NoBackoff(), 1)}
    backend = "channels_redis.core.RedisChannelLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [address]}}}
    layer: Any = get_channel_layer()
    async with connect(application) as socket:
        await socket.subscribe("1", LISTEN % ("a", "redis"))
        await socket.receive()
        await layer.group_send("a", {"type": "test.message", "text": "alive"})
        assert (await socket.receive())["payload"] == {"data": {"listen": "alive"}}
        redis.stop()
        failed = (await socket.receive())["payload"]
        assert "The channel layer failed" in failed["errors"][0]["message"]
        assert await socket.receive() == {"id": "1", "type": "complete"}
        assert (await socket.result("2", HELLO))["data"]
        await socket.subscribe("3", LISTEN % ("a", "redis"))
        failed = (await socket.receive())["payload"]
        assert "The channel layer failed" in failed["errors"][0]["message"]
        assert await socket.receive() == {"id": "3", "type": "complete"}
        redis.start()
        await socket.subscribe("4", LISTEN % ("a", "redis"))
        assert (await socket.receive())["payload"] == {"data": {"listen": "listening"}}
        await layer.group_send("a", {"type": "test.message", "text": "again"})
        assert (await socket.receive())["payload"] == {"data": {"listen": "again"}}
    await layer.close_pools()


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


async def test_a_client_that_reads_but_answers_no_ping_is_closed() -> None:
    bounded = consumer(send_timeout=0.05, max_outbound_bytes=1000)
    async with connect(bounded) as socket:
        await socket.subscribe("1", 'subscription { flood(size: 100, name: "no pong") }')
        sent = 0
        while (message := await socket.message())["type"] == "websocket.send":
            sent += len(message["text"])
    assert message["code"] == 4429
    assert sent < 1500


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


async def test_an_operation_without_a_document_is_judged_by_nobody() -> None:
    judged = []

    async def judge(context: Any, operation: Any) -> None:
        judged.append(operation)

    async with connect(consumer(on_operation=judge)) as socket:
        await socket.subscribe("1", "")
        answer = await socket.receive()
        assert answer["payload"][0]["message"] == "No GraphQL query found in the request"
    assert judged == []


def test_what_was_given_can_be_read_of_the_application() -> None:
    given: Any = consumer()
    assert given.consumer_class is GraphQLWSConsumer
    assert given.consumer_initkwargs["schema"] is schema
    assert given.consumer_initkwargs["session_auth"] is True


def test_an_option_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(TypeError, match="Did you mean 'keep_alive'"):
        consumer(keepalive=True)


async def test_two_sockets_do_not_meet() -> None:
    async with connect(application) as first, connect(application) as second:
        await first.subscribe("1", 'query { wait(name: "meet") }')
        await second.subscribe("1", HELLO)
        assert (await second.receive())["payload"] == {"data": {"hello": "Hello, stranger!"}}
        signals["meet"].set()
        assert (await first.receive())["payload"] == {"data": {"wait": True}}
        await second.disconnect()
        await first.disconnect()
        await ended(first.communicator)
