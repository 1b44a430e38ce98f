from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
import strawberry
from django.contrib.auth.models import User
from django.test import Client
from strawberry.channels.testing import GraphQLWebsocketCommunicator as StrawberryCommunicator
from strawberry.exceptions import ConnectionRejectionError

from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter, GraphQLWSConsumer
from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator, WebSocketClosedError

LEGACY, MODERN = "graphql-ws", "graphql-transport-ws"
stopped: list[str] = []


@strawberry.type
class Query:
    @strawberry.field
    def me(self, info: strawberry.Info) -> str:
        return str(info.context.request.user)

    @strawberry.field
    def param(self, info: strawberry.Info, name: str) -> str | None:
        value: str | None = (info.context["connection_params"] or {}).get(name)
        return value

    @strawberry.field
    def fail(self) -> str | None:
        raise ValueError("on purpose")


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def endless(self, name: str) -> AsyncGenerator[str, None]:
        try:
            while True:
                yield name
                await asyncio.sleep(0)
        finally:
            stopped.append(name)

    @strawberry.subscription
    async def silent(self) -> AsyncGenerator[int, None]:
        await asyncio.Event().wait()
        yield 1


class DoorConsumer(GraphQLWSConsumer):
    """Greets who gives a name, and refuses everybody else."""

    async def on_ws_connect(self, context: Any) -> Any:
        name = (context["connection_params"] or {}).get("name")
        if name is None:
            raise ConnectionRejectionError({"reason": "no name"})
        return {"hello": name}


schema = strawberry.Schema(Query, subscription=Subscription)
application = AuthGraphQLProtocolTypeRouter(
    schema, subscription_protocols=["graphql-transport-ws", LEGACY]
)
door = AuthGraphQLProtocolTypeRouter(schema, websocket_consumer_class=DoorConsumer)


@pytest.mark.parametrize("protocol", ["graphql-transport-ws", LEGACY])
async def test_an_operation_is_answered(protocol: str) -> None:
    async with GraphQLWebsocketCommunicator(application, protocol=protocol) as socket:
        assert isinstance(socket, StrawberryCommunicator)
        result = await socket.execute("{ me }")
    assert result.data == {"me": "AnonymousUser"}
    assert result.errors is None


@pytest.mark.parametrize("protocol", ["graphql-transport-ws", LEGACY])
async def test_every_result_of_a_subscription_is_yielded(protocol: str) -> None:
    async with GraphQLWebsocketCommunicator(application, protocol=protocol) as socket:
        results = socket.subscribe("subscription ($to: Int!) { count(to: $to) }", {"to": 3})
        data = [result.data async for result in results]
    assert data == [{"count": 0}, {"count": 1}, {"count": 2}]


async def test_variables_and_the_operation_name_are_sent() -> None:
    params = {"locale": "en"}
    async with GraphQLWebsocketCommunicator(application, connection_params=params) as socket:
        result = await socket.execute(
            "query A { me } query B($name: String!) { param(name: $name) }",
            {"name": "locale"},
            operation_name="B",
        )
    assert result.data == {"param": "en"}


@pytest.mark.parametrize("protocol", ["graphql-transport-ws", LEGACY])
async def test_errors_are_in_the_result(protocol: str) -> None:
    async with GraphQLWebsocketCommunicator(application, protocol=protocol) as socket:
        failed = await socket.execute("{ fail }")
        invalid = await socket.execute("{ nothing }")
    assert failed.data == {"fail": None}
    assert [error.message for error in failed.errors or []] == ["on purpose"]
    assert invalid.data is None
    assert "nothing" in (invalid.errors or [])[0].message


@pytest.mark.parametrize("count", [0, 2])
async def test_execute_wants_one_result(count: int) -> None:
    async with GraphQLWebsocketCommunicator(application) as socket:
        with pytest.raises(AssertionError, match=f"expected one result, got {count}"):
            await socket.execute(f"subscription {{ count(to: {count}) }}")


@pytest.mark.parametrize("protocol", ["graphql-transport-ws", LEGACY])
async def test_closing_the_generator_stops_the_operation(protocol: str) -> None:
    stopped.clear()
    async with GraphQLWebsocketCommunicator(application, protocol=protocol) as socket:
        subscription = 'subscription { endless(name: "early") }'
        async with aclosing(socket.subscribe(subscription)) as results:
            assert (await anext(results)).data == {"endless": "early"}
        assert (await socket.execute("{ me }")).data == {"me": "AnonymousUser"}
        assert stopped == ["early"]


@pytest.mark.django_db(transaction=True)
async def test_a_user_is_logged_in() -> None:
    ada = await User.objects.acreate_user("ada")
    async with GraphQLWebsocketCommunicator(application, user=ada) as socket:
        assert (await socket.execute("{ me }")).data == {"me": "ada"}


@pytest.mark.django_db(transaction=True)
async def test_the_login_of_a_client_is_carried_over() -> None:
    ada = await User.objects.acreate_user("ada")
    client = Client()
    await client.aforce_login(ada)
    async with GraphQLWebsocketCommunicator(application, client=client) as socket:
        assert (await socket.execute("{ me }")).data == {"me": "ada"}


@pytest.mark.django_db(transaction=True)
async def test_a_user_is_logged_in_with_the_given_client() -> None:
    ada = await User.objects.acreate_user("ada")
    client = Client()
    async with GraphQLWebsocketCommunicator(application, client=client, user=ada) as socket:
        assert (await socket.execute("{ me }")).data == {"me": "ada"}
    assert "sessionid" in client.cookies


async def test_a_page_of_another_site_is_refused() -> None:
    foreign = GraphQLWebsocketCommunicator(application, origin="https://foreign.example")
    with pytest.raises(WebSocketClosedError) as refused:
        await foreign.gql_init()
    assert refused.value.reason == ""


async def test_the_payload_of_the_acknowledgement_is_kept() -> None:
    async with GraphQLWebsocketCommunicator(door, connection_params={"name": "ada"}) as socket:
        assert socket.connection_ack == {"hello": "ada"}
    async with GraphQLWebsocketCommunicator(application) as socket:
        assert socket.connection_ack is None


async def test_a_refused_connection_tells_its_close_code() -> None:
    socket = GraphQLWebsocketCommunicator(door)
    with pytest.raises(WebSocketClosedError, match=r"closed the WebSocket with 4403 \(") as closed:
        await socket.gql_init()
    assert closed.value.code == 4403


@pytest.mark.parametrize(("asked", "spoken"), [(MODERN, LEGACY), (LEGACY, MODERN)])
async def test_another_subprotocol_is_no_connection(asked: str, spoken: str) -> None:
    socket = GraphQLWebsocketCommunicator(application, subprotocols=[asked], protocol=spoken)
    with pytest.raises(AssertionError, match=f"expected the subprotocol {spoken}, got {asked}"):
        await socket.gql_init()
    await socket.disconnect()


async def test_an_answer_that_does_not_come_is_a_timeout() -> None:
    with pytest.raises(asyncio.TimeoutError):
        async with GraphQLWebsocketCommunicator(application, timeout=0.2) as socket:
            await socket.execute("subscription { silent }")


async def pinging(scope: Any, receive: Any, send: Any) -> None:
    """Ping between the acknowledgement and each result, as a server may at any time."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})

    async def speak(**message: Any) -> None:
        await send({"type": "websocket.send", "text": json.dumps(message)})

    async def listen() -> Any:
        return json.loads((await receive())["text"])

    await listen()
    await speak(type="connection_ack")
    start = await listen()
    await speak(type="ping")
    answer = await listen()
    await speak(type="pong")
    await speak(type="next", id=start["id"], payload={"data": answer, "extensions": {"cost": 1}})
    await speak(type="complete", id=start["id"])
    assert (await receive())["type"] == "websocket.disconnect"


async def test_a_ping_is_answered() -> None:
    async with GraphQLWebsocketCommunicator(pinging) as socket:
        result = await socket.execute("{ ping }")
    assert result.data == {"type": "pong"}
    assert result.extensions == {"cost": 1}
