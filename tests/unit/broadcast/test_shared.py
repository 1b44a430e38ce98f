"""A shared subscription: executed once, received by many, and nobody's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from contextvars import ContextVar
from typing import Any

import pytest
import strawberry
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client
from strawberry.extensions import SchemaExtension
from strawberry.permission import BasePermission
from strawberry_django.auth.utils import get_current_user

from strawberry_django.realtime import (
    AuthGraphQLProtocolTypeRouter,
    GraphQLWSConsumer,
    Topic,
    shared_subscription,
)
from strawberry_django.realtime.broadcast.run import Runs
from strawberry_django.realtime.conf import DEFAULTS
from strawberry_django.realtime.pubsub.feeds import Feeds
from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator
from tests.support import in_database, stream, until

LEGACY_WS = "graphql-ws"
texts = Topic("tests.texts", str)
executions: list[Any] = []
in_thread = threading.local()
in_context: ContextVar[str] = ContextVar("in_context")


class MayListen(BasePermission):
    message = "You may not listen."

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return kwargs["room"] != "staff" or bool(info.context.request.user.is_staff)


async def shown(info: strawberry.Info, room: str) -> AsyncGenerator[str, None]:
    assert info.context.request.user.is_anonymous
    await texts.publish("seam", room=room)
    yield "first"
    yield "seam"
    if room == "broken":
        raise ValueError("the first results failed")


def audience_of(info: strawberry.Info) -> Any:
    request = info.context.request
    named = {"1": 1, "True": True, "(1,)": (1,), "(True,)": (True,)}
    return request.user.is_staff if "as" not in request.GET else named[request.GET["as"]]


#: Every way to the viewer that a resolver has.
WAYS: dict[str, Callable[[Any, str], Any]] = {
    "attribute": lambda info, name: getattr(info.context, name),
    "item": lambda info, name: info.context[name],
    "get": lambda info, name: info.context.get(name),
    "pop": lambda info, name: info.context.pop(name, None),
    "in": lambda info, name: name in info.context,
    "current user": lambda info, _: get_current_user(info),
}


@strawberry.type
class Seen:
    text: str

    @strawberry.field
    def below(self, info: strawberry.Info, way: str, name: str) -> str:
        return str(WAYS[way](info, name))


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

    @shared_subscription(audience=audience_of)
    async def told(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
        async with texts.subscribe() as events:
            async for event in events:
                yield f"{event} for {info.context.audience}"

    @shared_subscription(initial=shown)
    async def seen(self, room: str) -> AsyncGenerator[str, None]:
        async with texts.subscribe(room=room) as events:
            async for event in events:
                yield event

    @shared_subscription
    async def touches(
        self, info: strawberry.Info, way: str, name: str
    ) -> AsyncGenerator[str, None]:
        yield str(WAYS[way](info, name))

    @shared_subscription
    async def objects(self) -> AsyncGenerator[Seen, None]:
        yield Seen(text="seen")

    @shared_subscription
    async def surroundings(self) -> AsyncGenerator[str, None]:
        at_hand = await sync_to_async(lambda: getattr(in_thread, "name", "nothing"))()
        yield f"{at_hand} and {in_context.get('nothing')}"

    @strawberry.subscription
    async def leaves(self) -> AsyncGenerator[bool, None]:
        await sync_to_async(setattr)(in_thread, "name", "something")
        in_context.set("something")
        yield True


schema = strawberry.Schema(query=Query, subscription=Subscription)


@pytest.fixture(autouse=True)
def nothing_was_executed(channel_layer: Any) -> None:
    executions.clear()


@pytest.fixture
def application(channel_layer: Any) -> Any:
    protocols = [*DEFAULTS["subscription_protocols"], LEGACY_WS]
    return AuthGraphQLProtocolTypeRouter(
        schema, subscription_protocols=protocols, session_revalidate_interval=0.1
    )


async def all_have_left() -> None:
    await until(lambda: not Runs.current()._runs and not Feeds.current()._feeds)


QUERY = 'subscription { text(room: "a") }'
STREAMS = ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0"]


async def test_one_execution_serves_every_transport(application: Any) -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(GraphQLWebsocketCommunicator(application))
        legacy = GraphQLWebsocketCommunicator(application, protocol=LEGACY_WS)
        two = await stack.enter_async_context(legacy)
        results = [await stack.enter_async_context(one.subscribed(QUERY)) for _ in range(2)]
        old = two.subscribe(QUERY)
        coming = asyncio.ensure_future(anext(old))
        streams = [
            (await stack.enter_async_context(stream(application, QUERY, accept)))[1]
            for accept in STREAMS
        ]
        await until(lambda: len(next(iter(Runs.current()._runs.values()))._members) == 5)
        await texts.publish("hello é", room="a")
        for each in results:
            assert (await anext(each)).data == {"text": "hello é"}
        assert (await coming).data == {"text": "hello é"}
        for exchange in streams:
            assert '"text":"hello é"' in await exchange.chunk_with("hello")
        assert executions == [None]
        await texts.end(room="a")
        for each in [*results, old]:
            with pytest.raises(StopAsyncIteration):
                await anext(each)
        for exchange in streams:
            while await exchange.chunk() is not None:
                pass
    await all_have_left()


async def test_what_comes_first_leaves_no_gap_and_repeats_nothing(application: Any) -> None:
    async with GraphQLWebsocketCommunicator(application) as one:
        async with one.subscribed('subscription { seen(room: "a") }') as results:
            assert (await anext(results)).data == {"seen": "first"}
            assert (await anext(results)).data == {"seen": "seam"}
            await texts.publish("next", room="a")
            await texts.publish("seam", room="a")
            assert [(await anext(results)).data for _ in range(2)] == [
                {"seen": "next"},
                {"seen": "seam"},
            ]
        async with one.subscribed('subscription { seen(room: "broken") }') as results:
            assert "the first results failed" in str([each async for each in results][-1].errors)
    await all_have_left()


async def test_one_task_may_read_what_another_waits_for(application: Any) -> None:
    async with (
        GraphQLWebsocketCommunicator(application, timeout=1) as one,
        one.subscribed('subscription { text(room: "b") }') as other,
    ):
        coming = asyncio.ensure_future(anext(other))
        await until(one._reading.locked)
        async with one.subscribed(QUERY) as results:
            await texts.publish("b", room="b")
            assert (await coming).data == {"text": "b"}
            await texts.publish("a", room="a")
            assert (await anext(results)).data == {"text": "a"}
    await all_have_left()


async def test_permission_and_audience_are_asked_of_each_and_asked_again(
    application: Any, ada: Any, ada_client: Client
) -> None:
    locked = 'subscription { text(room: "staff") }'
    async with AsyncExitStack() as stack:
        nobody = await stack.enter_async_context(GraphQLWebsocketCommunicator(application))
        refused = [each async for each in nobody.subscribe(locked)]
        assert "You may not listen." in str(refused[0].errors)
        await in_database(lambda: User.objects.update(is_staff=True))
        client = GraphQLWebsocketCommunicator(application, client=ada_client)
        staff = await stack.enter_async_context(client)
        results = await stack.enter_async_context(staff.subscribed(locked))
        told = await stack.enter_async_context(staff.subscribed("subscription { told }"))
        streams = [
            (
                await stack.enter_async_context(
                    stream(application, query, STREAMS[0], client=ada_client)
                )
            )[1]
            for query in (locked, "subscription { told }")
        ]
        await until(lambda: sum(len(run._members) for run in Runs.current()._runs.values()) == 4)
        await texts.publish("news")
        assert (await anext(told)).data == {"told": "news for True"}
        await in_database(lambda: User.objects.update(is_staff=False))
        assert "You may not listen." in str((await anext(results)).errors)
        assert await streams[0].chunk_with("You may not listen.")
        await until(lambda: [len(run._members) for run in Runs.current()._runs.values()] == [2])
        await until(lambda: "False" in str(Runs.current()._runs))
        await texts.publish("more")
        assert (await anext(told)).data == {"told": "more for False"}
        assert await streams[1].chunk_with("more for False")
    await all_have_left()


async def test_audiences_that_are_equal_in_python_are_apart(application: Any) -> None:
    async with AsyncExitStack() as stack:
        for name in ("1", "True", "(1,)", "(True,)"):
            client = GraphQLWebsocketCommunicator(application, f"/graphql?as={name}")
            one = await stack.enter_async_context(client)
            results = await stack.enter_async_context(one.subscribed("subscription { told }"))
            await texts.publish("hello")
            assert (await anext(results)).data == {"told": f"hello for {name}"}
    await all_have_left()


NAMES = ["request", "user", "session", "consumer", "ws", "response", "connection_params"]


@pytest.mark.parametrize("way", WAYS)
async def test_touching_the_viewer_is_an_error_that_says_what_to_do(
    application: Any, way: str
) -> None:
    async with GraphQLWebsocketCommunicator(application) as one:
        for name in NAMES:
            arguments = f'(way: "{way}", name: "{name}")'
            for query in (f"touches{arguments}", f"objects {{ below{arguments} }}"):
                said = str((await one.execute(f"subscription {{ {query} }}")).errors)
                touched = "request" if way == "current user" else name
                assert f"has no '{touched}'" in said
                assert "info.context.audience" in said


async def test_what_a_project_keeps_elsewhere_is_empty(application: Any) -> None:
    async with GraphQLWebsocketCommunicator(application) as one:
        await one.execute("subscription { leaves }")
        result = await one.execute("subscription { surroundings }")
        assert result.data == {"surroundings": "nothing and nothing"}


async def test_what_the_consumer_and_extensions_know_stays_with_each(
    channel_layer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Tells(SchemaExtension):
        def on_operation(self) -> Iterator[None]:
            users.append("request" in self.execution_context.context)
            yield

    class Consumer(GraphQLWSConsumer[Any, Any]):
        async def get_context(self, request: Any, response: Any) -> Any:
            return {"request": request, "loader": object(), "ws": self}

        async def get_shared_context(self, audience: Any) -> Any:
            assert not hasattr(self, "request")
            return {"shared": f"for {audience}"}

    @strawberry.type
    class Subscription:
        @shared_subscription(audience=lambda info: info.context.loader is not None)
        async def both(self, info: strawberry.Info) -> AsyncGenerator[list[str], None]:
            yield [*info.context]
            yield [info.context.loader]

    users: list[bool] = []
    application = AuthGraphQLProtocolTypeRouter(
        strawberry.Schema(Query, subscription=Subscription), websocket_consumer_class=Consumer
    )
    async with GraphQLWebsocketCommunicator(application) as one:
        async with aclosing(one.subscribe("subscription { both }")) as results:
            assert (await anext(results)).data == {"both": ["audience", "shared"]}
            assert "The context has no 'loader'" in str((await anext(results)).errors)
        watched = strawberry.Schema(Query, subscription=Subscription, extensions=[Tells])
    application = AuthGraphQLProtocolTypeRouter(watched, websocket_consumer_class=Consumer)
    async with GraphQLWebsocketCommunicator(application) as one:
        assert (await one.execute("subscription { both }")).errors
    assert users == [True]
    assert "both is a shared subscription" in caplog.text


async def test_who_executes_a_schema_alone_is_served_alone(channel_layer: Any) -> None:
    results: Any = await schema.subscribe(QUERY, context_value={"request": None})
    async with aclosing(results):
        coming = asyncio.ensure_future(anext(results))
        await until(lambda: Feeds.current()._feeds)
        await texts.publish("hello", room="a")
        assert (await coming).data == {"text": "hello"}
