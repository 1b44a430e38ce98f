"""Who asks the same as others joins them without an execution of its own, if nobody has a say."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.extensions import FieldExtension, SchemaExtension
from strawberry.permission import BasePermission

from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter, Topic, shared_subscription
from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator

texts = Topic("tests.joined_at_once", str)
asked: list[str] = []


class AskingExtension(SchemaExtension):
    def on_operation(self) -> Any:
        asked.append("schema extension")
        yield


class AskingField(FieldExtension):
    async def resolve_async(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        asked.append("field extension")
        return await next_(source, info, **kwargs)


class AskingPermission(BasePermission):
    def has_permission(self, *_: Any, **__: Any) -> bool:
        asked.append("permission")
        return True


async def first(info: strawberry.Info) -> AsyncGenerator[str, None]:
    asked.append("initial")
    yield "first"


def audience(info: strawberry.Info) -> str:
    asked.append("audience")
    return "all"


async def on_operation(*_: Any) -> None:
    asked.append("on_operation")


@strawberry.type
class Query:
    ok: bool = True


def application(
    field: dict[str, Any], extensions: list[Any], options: dict[str, Any]
) -> AuthGraphQLProtocolTypeRouter:
    @strawberry.type
    class Subscription:
        @shared_subscription(**field)
        async def text(self) -> AsyncGenerator[str, None]:
            async with texts.subscribe() as events:
                async for event in events:
                    yield event

    schema = strawberry.Schema(Query, subscription=Subscription, extensions=extensions)
    return AuthGraphQLProtocolTypeRouter(schema, allow_missing_origin=True, **options)


@pytest.mark.parametrize(
    ("asks", "field", "extensions", "options"),
    [
        ("", {}, [], {}),
        ("schema extension", {}, [AskingExtension], {}),
        ("field extension", {"extensions": [AskingField()]}, [], {}),
        ("permission", {"permission_classes": [AskingPermission]}, [], {}),
        ("audience", {"audience": audience}, [], {}),
        ("initial", {"initial": first}, [], {}),
        ("on_operation", {}, [], {"on_operation": on_operation}),
    ],
)
async def test_whoever_has_a_say_is_asked_for_each(
    asks: str, field: Any, extensions: Any, options: Any, channel_layer: Any
) -> None:
    app = application(field, extensions, options)
    query = "subscription { text }"
    async with (
        GraphQLWebsocketCommunicator(app) as one,
        GraphQLWebsocketCommunicator(app) as other,
        one.subscribed(query) as of_one,
    ):
        asked.clear()
        async with other.subscribed(query) as of_other:
            assert set(asked) == ({asks} if asks else set())
            await texts.publish("both")
            for results in (of_one, of_other):
                while (result := await anext(results)).data != {"text": "both"}:
                    assert result.data == {"text": "first"}


async def test_who_is_refused_does_not_join(channel_layer: Any) -> None:
    async def refuse(context: Any, operation: Any) -> None:
        if context.request.GET:
            raise GraphQLError("You may not.")

    app = application({}, [], {"on_operation": refuse})
    query = "subscription { text }"
    async with (
        GraphQLWebsocketCommunicator(app) as one,
        GraphQLWebsocketCommunicator(app, "/graphql?refused=1") as other,
        one.subscribed(query),
    ):
        assert "You may not." in str((await other.execute(query)).errors)


@pytest.mark.parametrize("most", [1, 2])
async def test_the_limit_of_a_socket_holds(most: int, channel_layer: Any) -> None:
    app = application({}, [], {"max_subscriptions_per_connection": most})
    query = "subscription { text }"
    async with GraphQLWebsocketCommunicator(app) as socket, socket.subscribed(query):
        second = await socket.execute("{ ok }") if most == 2 else await socket.execute(query)
        assert ("limit reached" in str(second.errors)) == (most == 1)
