"""The part of a GraphQL consumer that does not depend on the transport."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from channels.layers import get_channel_layer
from django.core.exceptions import ImproperlyConfigured

from strawberry_django.realtime.conf import OperationRequest
from strawberry_django.realtime.consumers import GraphQLHTTPConsumer, GraphQLWSConsumer
from strawberry_django.realtime.consumers.base import GraphQLConsumer
from strawberry_django.realtime.exceptions import ChannelLayerError, ListenerOverflowError
from strawberry_django.realtime.request import GraphQLRequest
from tests.schema import probe, schema
from tests.support import ask, post, until
from tests.support_websocket import connect, websocket_scope

REQUEST = GraphQLRequest.from_handshake(websocket_scope())


def test_both_consumers_are_one() -> None:
    assert issubclass(GraphQLHTTPConsumer, GraphQLConsumer)
    assert issubclass(GraphQLWSConsumer, GraphQLConsumer)


def test_the_options_are_resolved() -> None:
    consumer = GraphQLConsumer(schema, keep_alive=True)
    assert consumer.schema is schema
    assert consumer.options["keep_alive"] is True
    assert consumer.protocols == consumer.options["subscription_protocols"]


def test_an_option_that_does_not_exist_is_an_error(settings: Any) -> None:
    options: Any = {"keepalive": True}
    with pytest.raises(TypeError, match="Did you mean 'keep_alive'"):
        GraphQLConsumer(schema, **options)
    settings.STRAWBERRY_DJANGO_REALTIME = {"KEEPALIVE": True}
    with pytest.raises(ImproperlyConfigured, match="STRAWBERRY_DJANGO_REALTIME"):
        GraphQLConsumer(schema)


async def test_the_context_is_the_transports_matter() -> None:
    with pytest.raises(NotImplementedError):
        await GraphQLConsumer(schema).get_context(REQUEST, None)


async def test_there_is_no_root_value_of_itself() -> None:
    assert await GraphQLConsumer(schema).get_root_value(REQUEST) is None


async def test_the_hooks_are_those_of_the_options() -> None:
    called: list[Any] = []

    async def on_connect(context: Any) -> dict[str, Any]:
        called.append(context)
        return {"welcome": True}

    async def on_operation(context: Any, operation: OperationRequest) -> None:
        called.append((context, operation))

    consumer = GraphQLConsumer(schema, on_connect=on_connect, on_operation=on_operation)
    operation = OperationRequest("{ hello }", None, None)
    assert await consumer.on_connect("context") == {"welcome": True}
    await consumer.on_operation("context", operation)
    assert called == ["context", ("context", operation)]


async def test_without_hooks_everybody_may_do_everything() -> None:
    consumer = GraphQLConsumer(schema)
    assert await consumer.on_connect("context") is None
    await consumer.on_operation("context", OperationRequest("{ hello }", None, None))


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


async def test_listening_and_its_end(channel_layer: Any) -> None:
    consumer = GraphQLConsumer(schema, listener_capacity=1, slow_consumer="drop_oldest")
    async with consumer.listen_to_channel("test", timeout=0.05, groups=["a"]) as messages:
        for number in range(3):
            await channel_layer.group_send("a", {"type": "test", "number": number})
        received = [message["number"] async for message in messages]
    assert received[-1] == 2
    await consumer._stop_listening()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_is_still_listened_to_ends(channel_layer: Any) -> None:
    consumer = GraphQLConsumer(schema)
    async with consumer.listen_to_channel("test", groups=["a"]):
        await consumer._stop_listening()
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_stream_over_http_that_falls_behind_ends_with_an_error(channel_layer: Any) -> None:
    consumer = GraphQLConsumer(schema, listener_capacity=1)
    async with consumer.listen_to_channel("test", groups=["a"]) as messages:
        for number in range(3):
            await channel_layer.group_send("a", {"type": "test", "number": number})
        await until(lambda: not any(queue.qsize() for queue in channel_layer.channels.values()))
        assert (await anext(messages))["number"] == 0
        with pytest.raises(ListenerOverflowError):
            await anext(messages)


async def test_who_has_not_listened_has_nothing_to_stop(settings: Any) -> None:
    settings.CHANNEL_LAYERS = {}
    await GraphQLConsumer(schema)._stop_listening()


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


# The user and the session of a middleware around us.


@pytest.mark.parametrize("scope", [{}, {"user": "ada"}, {"user": "ada", "session": {"a": 1}}])
def test_what_is_in_the_scope_is_taken(scope: dict[str, Any]) -> None:
    consumer = GraphQLConsumer(schema)
    consumer.scope = scope
    consumer.request = GraphQLRequest.from_handshake(websocket_scope())
    consumer._adopt_scope_auth()
    adopted = vars(consumer.request)
    assert {name: adopted[name] for name in ("user", "session") if name in adopted} == scope
