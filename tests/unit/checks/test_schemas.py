from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import wraps
from typing import Any

import strawberry
from channels.layers import get_channel_layer
from django.test import override_settings

from strawberry_django.realtime import Topic, shared_subscription
from strawberry_django.realtime.checks.application import Endpoint
from strawberry_django.realtime.checks.settings import check_layer_of_schemas
from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer

scores = Topic("tests.scores", int, layer="topics")


def logged(function: Any) -> Any:
    @wraps(function)
    async def inner(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return inner


@strawberry.type
class Query:
    number: int = 1

    @strawberry.field
    def ping(self) -> str:
        return "pong"


@strawberry.type
class Mutation:
    @strawberry.mutation
    @logged
    async def publish(self) -> bool:
        return get_channel_layer() is not None


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def messages(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
        async def listen() -> AsyncGenerator[str, None]:
            consumer = info.context.request.consumer
            async with consumer.listen_to_channel("chat.message") as messages:
                async for message in messages:
                    yield message["text"]

        async for text in listen():
            yield text

    @shared_subscription
    async def scores(self) -> AsyncGenerator[int, None]:
        async with scores.subscribe() as events:
            async for event in events:
                yield event

    @strawberry.subscription
    async def count(self) -> AsyncGenerator[int, None]:
        yield 1


TOPIC = "CHANNEL_LAYERS has no 'topics' layer; needed by Subscription.scores."


class OtherLayerConsumer(GraphQLWSConsumer):
    channel_layer_alias = "chat"


SCHEMA = strawberry.Schema(Query, Mutation, Subscription)


def endpoint(schema: strawberry.Schema, kind: type = GraphQLWSConsumer) -> Endpoint:
    return Endpoint("websocket", "^graphql", kind, {"schema": schema}, ())


@override_settings(CHANNEL_LAYERS={})
def test_a_schema_that_listens_needs_a_layer() -> None:
    message, of_topic = check_layer_of_schemas([endpoint(SCHEMA), endpoint(SCHEMA)])
    assert of_topic.msg == TOPIC
    assert message.id == "strawberry_django_realtime.E006"
    assert message.msg == (
        "CHANNEL_LAYERS has no 'default' layer; needed by Mutation.publish, Subscription.messages."
    )
    assert "InMemoryChannelLayer" in str(message.hint)


def test_the_layer_is_there() -> None:
    assert [message.msg for message in check_layer_of_schemas([endpoint(SCHEMA)])] == [TOPIC]


def test_a_consumer_may_listen_on_another_layer() -> None:
    message, _ = check_layer_of_schemas([endpoint(SCHEMA, OtherLayerConsumer)])
    assert "CHANNEL_LAYERS has no 'chat' layer" in message.msg


@override_settings(CHANNEL_LAYERS={})
def test_a_schema_that_does_not_listen_needs_none() -> None:
    assert check_layer_of_schemas([endpoint(strawberry.Schema(Query))]) == []
