"""In a test that is rolled back, the application has the connection of the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from asgiref.sync import async_to_sync
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter
from django.contrib.auth.models import User
from django.test import AsyncClient, TestCase

import strawberry_django
from strawberry_django.realtime import (
    AuthGraphQLProtocolTypeRouter,
    GraphQLHTTPConsumer,
    GraphQLWSConsumer,
)
from strawberry_django.realtime.testing import (
    GraphQLWebsocketCommunicator,
    graphql_http,
    shared_connections,
)


@strawberry.type
class Query:
    @strawberry_django.field
    def users(self) -> list[str]:
        return [user.username for user in User.objects.order_by("pk")]

    @strawberry.field
    def me(self, info: strawberry.Info) -> str:
        return str(info.context.request.user)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def add(self, name: str) -> str:
        return (await User.objects.acreate_user(name)).username


schema = strawberry.Schema(Query, Mutation)
router = AuthGraphQLProtocolTypeRouter(schema)
by_hand = ProtocolTypeRouter(
    {
        "http": AuthMiddlewareStack(GraphQLHTTPConsumer.as_asgi(schema=schema)),
        "websocket": AuthMiddlewareStack(GraphQLWSConsumer.as_asgi(schema=schema)),
    }
)
ASK, ADD = "{ users me }", 'mutation { add(name: "%s") }'


async def use(ada: Any, client: Any) -> None:
    """See over both protocols what the test has made, and see in the test what they make."""
    await client.aforce_login(ada)
    for application in (router, by_hand):
        expected: dict[str, Any] = {"users": ["ada"], "me": "ada"}
        assert (await graphql_http(application, ASK, client=client)).data == expected
        async with GraphQLWebsocketCommunicator(application, user=ada) as socket:
            async with GraphQLWebsocketCommunicator(application, client=client) as other:
                assert (await other.execute(ASK)).data == expected
                assert (await socket.execute(ADD % "bob")).data == {"add": "bob"}
            assert (await graphql_http(application, ADD % "eve", client=client)).data
            expected["users"] += ["bob", "eve"]
            assert (await socket.execute(ASK)).data == expected
        added = User.objects.exclude(username="ada")
        assert await added.acount() == 2
        await added.adelete()


class InDjangosTestCase(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.ada = User.objects.create_user("ada")

    async def test_the_first_time(self) -> None:
        await use(self.ada, self.async_client)
        await User.objects.acreate_user("left behind")

    async def test_the_second_time(self) -> None:
        await use(self.ada, self.async_client)


@pytest.fixture
def someone(db: None) -> Any:
    return User.objects.create_user("ada")


@pytest.fixture
def shared(someone: Any) -> Iterator[Any]:
    with shared_connections(), shared_connections():
        yield someone


def test_below_async_to_sync(someone: Any) -> None:
    async_to_sync(use)(someone, AsyncClient())


async def test_what_a_fixture_has_made_is_seen(someone: Any) -> None:
    assert (await graphql_http(router, ASK)).data == {"users": ["ada"], "me": "AnonymousUser"}
    await use(someone, AsyncClient())


async def test_what_the_test_itself_makes_is_rolled_back_as_well(shared: Any) -> None:
    await User.objects.acreate_user("left behind")
    await User.objects.filter(username="left behind").adelete()
    await use(shared, AsyncClient())
    await User.objects.acreate_user("left behind")


@pytest.mark.django_db(transaction=True)
async def test_a_test_that_commits_uses_any_connection() -> None:
    assert not await User.objects.aexists()
    await use(await User.objects.acreate_user("ada"), AsyncClient())


@pytest.mark.django_db
def test_nothing_was_left_behind() -> None:
    assert not User.objects.exists()
