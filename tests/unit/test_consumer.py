"""The part of a GraphQL consumer that does not depend on the transport."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from channels.auth import AuthMiddlewareStack
from channels.layers import get_channel_layer
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import Client

from strawberry_django.realtime.consumer import GraphQLConsumer
from strawberry_django.realtime.context import GraphQLContext
from strawberry_django.realtime.exceptions import (
    AuthNotConfiguredError,
    ChannelLayerError,
    ListenerOverflowError,
)
from strawberry_django.realtime.http.consumer import GraphQLHTTPConsumer
from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer
from tests.schema import probe, schema
from tests.support import ask, in_database, post, queries, until
from tests.support_websocket import connect
from tools.harness import live


def test_an_option_that_does_not_exist_is_an_error(settings: Any) -> None:
    options: Any = {"keepalive": True}
    with pytest.raises(TypeError, match="Did you mean 'keep_alive'"):
        GraphQLConsumer(schema, **options)
    settings.STRAWBERRY_DJANGO_REALTIME = {"KEEPALIVE": True}
    with pytest.raises(ImproperlyConfigured, match="STRAWBERRY_DJANGO_REALTIME"):
        GraphQLConsumer(schema)


def test_a_keyword_that_nobody_takes_is_an_error_when_the_application_is_made() -> None:
    class Own(GraphQLWSConsumer[Any, Any]):
        def __init__(self, *arguments: Any, colour: str = "red", **options: Any) -> None:
            super().__init__(*arguments, **options)

    Own.as_asgi(schema=schema, colour="blue")
    for consumer_class in (Own, GraphQLWSConsumer, GraphQLHTTPConsumer):
        with pytest.raises(TypeError, match="'color' is not an option"):
            consumer_class.as_asgi(schema=schema, color="blue")


WITHOUT_USERS = """
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["strawberry_django"], ALLOWED_HOSTS=["testserver"], ROOT_URLCONF="tests.urls"
)
import django, asyncio, strawberry
django.setup()
from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter
from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator, graphql_http

@strawberry.type
class Query:
    @strawberry.field
    def ping(self) -> str:
        return "pong"

schema = strawberry.Schema(Query)

async def main():
    router = AuthGraphQLProtocolTypeRouter(schema, session_auth=False)
    print((await graphql_http(router, "{ ping }")).data)
    async with GraphQLWebsocketCommunicator(router) as socket:
        print((await socket.execute("{ ping }")).data)
    try:
        AuthGraphQLProtocolTypeRouter(schema)
    except Exception as error:
        print(error)

asyncio.run(main())
"""


def test_without_session_auth_no_user_model_is_needed() -> None:
    command = [sys.executable, "-c", WITHOUT_USERS]
    ran = subprocess.run(command, env=live.environment(), capture_output=True, text=True)
    over_http, over_websocket, refusal = ran.stdout.splitlines() or [ran.stderr, "", ""]
    assert over_http == over_websocket == "{'ping': 'pong'}", ran.stderr
    assert "AUTH_USER_MODEL refers to model 'auth.User'" in refusal


def test_what_is_sent_is_encoded_as_django_does() -> None:
    data = {
        "date": date(2026, 11, 22),
        "decimal": Decimal("1.50"),
        "delta": timedelta(minutes=1),
        "uuid": UUID(int=0),
        "text": "é",
    }
    encoded = GraphQLConsumer(schema).encode_json(data)
    assert json.loads(encoded) == {
        "date": "2026-11-22",
        "decimal": "1.50",
        "delta": "P0DT00H01M00S",
        "uuid": "00000000-0000-0000-0000-000000000000",
        "text": "é",
    }
    assert isinstance(encoded, str)
    assert " " not in encoded


def shouting(consumer: Any) -> Any:
    """Return a consumer that reads and writes JSON in its own way."""

    class Shouting(consumer):
        def encode_json(self, data: object) -> bytes:
            encoded: str = super().encode_json(data)
            return encoded.replace("hi", "HI").encode()

        def decode_json(self, data: Any) -> object:
            text = data if isinstance(data, str) else data.decode()
            return json.loads(text.replace("SAY", "echo"))

    return Shouting.as_asgi(schema=schema, session_auth=True)


async def test_a_subclass_may_encode_and_decode_in_its_own_way() -> None:
    text = '{ SAY(text: "hi") }'
    answer = await post(shouting(GraphQLHTTPConsumer), {"query": text})
    assert answer.json() == {"data": {"echo": "HI"}}
    async with connect(shouting(GraphQLWSConsumer)) as socket:
        assert await socket.result("1", text) == {"data": {"echo": "HI"}}


# The channel layer.


class Other(GraphQLConsumer):
    channel_layer_alias = "other"


@pytest.fixture
def layers(settings: Any) -> None:
    memory = {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    settings.CHANNEL_LAYERS = {"default": memory, "other": memory}


@pytest.mark.usefixtures("layers")
@pytest.mark.parametrize(("consumer", "alias"), [(GraphQLConsumer, "default"), (Other, "other")])
async def test_the_layer_is_the_one_of_the_alias(consumer: Any, alias: str) -> None:
    assert consumer(schema).channel_layer is get_channel_layer(alias)


async def test_a_layer_that_is_not_configured_is_named(settings: Any) -> None:
    settings.CHANNEL_LAYERS = {}
    with pytest.raises(ChannelLayerError, match="CHANNEL_LAYERS has no 'other' layer"):
        _ = Other(schema).channel_layer


async def test_a_stream_over_http_that_falls_behind_ends_with_an_error(channel_layer: Any) -> None:
    consumer = GraphQLConsumer(schema, listener_capacity=1)
    async with consumer.listen_to_channel("test", groups=["a"]) as messages:
        for number in range(3):
            await channel_layer.group_send("a", {"type": "test", "number": number})
        await until(lambda: not any(queue.qsize() for queue in channel_layer.channels.values()))
        assert (await anext(messages))["number"] == 0
        with pytest.raises(ListenerOverflowError):
            await anext(messages)


async def test_without_a_layer_everything_else_works(settings: Any) -> None:
    settings.CHANNEL_LAYERS = {}

    async def listen(info: Any) -> Any:
        async with info.context.consumer.listen_to_channel("test"):
            return "listening"

    text = f'{{ hello probe(name: "{probe(listen)}") }}'
    answer = await ask(GraphQLHTTPConsumer.as_asgi(schema=schema, session_auth=True), text)
    assert answer["data"] == {"hello": "Hello, stranger!", "probe": None}
    assert "CHANNEL_LAYERS" in answer["errors"][0]["message"]
    async with connect(GraphQLWSConsumer.as_asgi(schema=schema, session_auth=True)) as socket:
        result = await socket.result("1", text)
        assert result["data"] == {"hello": "Hello, stranger!", "probe": None}


# What a resolver finds, over both transports.

over_both = pytest.mark.parametrize("consumer", [GraphQLHTTPConsumer, GraphQLWSConsumer])


def is_http(consumer: Any) -> bool:
    return issubclass(consumer, GraphQLHTTPConsumer)


async def run(http: bool, application: Any, text: str, client: Client | None = None) -> Any:
    """Ask over the transport that the application serves."""
    if http:
        return await ask(application, text, client=client)
    async with connect(application, client=client) as socket:
        return await socket.result("1", text)


@over_both
async def test_the_context_and_its_request(consumer: Any) -> None:
    def context_is_one_value_read_in_two_ways(info: Any) -> bool:
        return info.context.request is info.context["request"] is info.context.get("request")

    def request_is_djangos(info: Any) -> bool:
        return isinstance(info.context.request, HttpRequest)

    def response_is_there_over_http_only(info: Any) -> bool:
        return isinstance(info.context.response, HttpResponse) is is_http(consumer)

    def socket_is_there_over_websocket_only(info: Any) -> bool:
        return info.context["ws"] is (None if is_http(consumer) else info.context.consumer)

    def scope_is_the_connections(info: Any) -> bool:
        scope = info.context.request.scope
        return scope is info.context.consumer.scope and isinstance(info.context, GraphQLContext)

    def consumer_is_the_one_that_serves(info: Any) -> bool:
        found = info.context.consumer
        return isinstance(found, consumer) and found is info.context.request.consumer

    application = consumer.as_asgi(schema=schema, session_auth=True)
    for look in (
        context_is_one_value_read_in_two_ways,
        request_is_djangos,
        response_is_there_over_http_only,
        socket_is_there_over_websocket_only,
        scope_is_the_connections,
        consumer_is_the_one_that_serves,
    ):
        text = f'{{ probe(name: "{probe(look)}") }}'
        answer = await run(is_http(consumer), application, text)
        assert answer == {"data": {"probe": True}}, look.__name__


@over_both
async def test_a_consumer_may_give_a_plain_dict_and_a_root_value(consumer: Any) -> None:
    class Custom(consumer):
        async def get_context(self, request: Any, response: Any) -> Any:
            return {"request": request, "response": response, "loader": "a loader"}

        async def get_root_value(self, request: Any) -> Any:
            return request.path

    def loader(info: Any) -> Any:
        return [info.context.loader, info.context["loader"]]

    application = Custom.as_asgi(schema=schema, session_auth=True)
    text = f'{{ root hello probe(name: "{probe(loader)}") }}'
    assert (await run(is_http(consumer), application, text))["data"] == {
        "root": "'/graphql'",
        "hello": "Hello, stranger!",
        "probe": ["a loader", "a loader"],
    }


@over_both
async def test_a_bare_consumer_has_no_user_and_says_so(consumer: Any, ada_client: Client) -> None:
    bare = consumer.as_asgi(schema=schema)
    with queries() as asked:
        answer = await run(is_http(consumer), bare, "{ hello }", ada_client)
        assert answer["errors"][0]["message"] == str(AuthNotConfiguredError())
        answer = await run(is_http(consumer), bare, '{ echo(text: "hi") }', ada_client)
        assert answer == {"data": {"echo": "hi"}}
    assert asked == []


@over_both
async def test_inside_channels_auth_middleware_it_takes_its_user(
    consumer: Any, ada_client: Client
) -> None:
    stack = AuthMiddlewareStack(consumer.as_asgi(schema=schema))
    text = "{ hello currentUser { username } }"
    answer = await run(is_http(consumer), stack, text, ada_client)
    assert answer == {"data": {"hello": "Hello, ada!", "currentUser": {"username": "ada"}}}
    await in_database(connections.close_all)
