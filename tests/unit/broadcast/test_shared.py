"""A shared subscription: executed once, received by many, and nobody's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import strawberry
from strawberry.permission import BasePermission

from strawberry_django.realtime import (
    AuthGraphQLProtocolTypeRouter,
    Topic,
    shared_subscription,
)
from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator

texts = Topic("tests.texts", str)
executions: list[Any] = []


class MayListen(BasePermission):
    message = "You may not listen."

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return kwargs.get("room") != "locked"


async def shown(info: strawberry.Info, room: str) -> AsyncGenerator[str, None]:
    assert info.context.request.user.is_anonymous
    await texts.publish("seam", room=room)
    yield "first"
    yield "seam"


@strawberry.type
class Query:
    ping: str = "pong"


@strawberry.type
class Subscription:
    @shared_subscription(permission_classes=[MayListen])
    async def text(self, info: strawberry.Info, room: str) -> AsyncGenerator[str, None]:
        executions.append(info.context.audience)
        async with texts.subscribe(room=room) as events:
            async for event in events:
                yield event

    @shared_subscription(audience=lambda info: info.context.request.GET.get("as"), initial=shown)
    async def seen(self, info: strawberry.Info, room: str) -> AsyncGenerator[str, None]:
        async with texts.subscribe(room=room) as events:
            async for event in events:
                yield f"{event}"

    @shared_subscription
    async def touches(self, info: strawberry.Info, name: str) -> AsyncGenerator[str, None]:
        yield str(getattr(info.context, name))


schema = strawberry.Schema(query=Query, subscription=Subscription)


@pytest.fixture
def application(settings: Any) -> Any:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    executions.clear()
    return AuthGraphQLProtocolTypeRouter(schema, allow_missing_origin=True)


@pytest.mark.parametrize("protocol", ["graphql-transport-ws", "graphql-ws"])
async def test_one_execution_serves_all(application: Any, protocol: str) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema, subscription_protocols=[protocol])
    async with (
        GraphQLWebsocketCommunicator(application, protocol=protocol) as one,
        GraphQLWebsocketCommunicator(application, protocol=protocol) as two,
    ):
        query = 'subscription { text(room: "a") }'
        first, second = one.subscribe(query), two.subscribe(query)
        coming = [asyncio.ensure_future(anext(each)) for each in (first, second)]
        await asyncio.sleep(0.1)
        await texts.publish("hello", room="a")
        assert [(await each).data for each in coming] == [{"text": "hello"}] * 2
        assert executions == [None]
        coming = [asyncio.ensure_future(anext(each)) for each in (first, second)]
        await texts.end(room="a")
        for each in coming:
            with pytest.raises(StopAsyncIteration):
                print(await each)


async def test_what_comes_first(application: Any) -> None:
    async with GraphQLWebsocketCommunicator(application) as one:
        results = one.subscribe('subscription { seen(room: "a") }')
        assert (await anext(results)).data == {"seen": "first"}
        assert (await anext(results)).data == {"seen": "seam"}
        await texts.publish("next", room="a")
        assert (await anext(results)).data == {"seen": "next"}


async def test_who_may_not_is_told(application: Any) -> None:
    async with GraphQLWebsocketCommunicator(application) as one:
        results = one.subscribe('subscription { text(room: "locked") }')
        assert "You may not listen." in str((await anext(results)).errors)


async def test_alone() -> None:
    context = {"request": 1}
    results = await schema.subscribe('subscription { text(room: "a") }', context_value=context)
    coming = asyncio.ensure_future(anext(results))
    await asyncio.sleep(0.05)
    await texts.publish("hello", room="a")
    assert (await coming).data == {"text": "hello"}


@pytest.mark.parametrize("name", ["request", "user", "consumer", "connection_params"])
async def test_touching_the_viewer(application: Any, name: str) -> None:
    async with GraphQLWebsocketCommunicator(application) as one:
        results = one.subscribe(f'subscription {{ touches(name: "{name}") }}')
        assert f"has no '{name}'" in str((await anext(results)).errors)
