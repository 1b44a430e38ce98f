# --8<-- [start:query]
"""The chat, asked through the whole application."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client
from myproject.asgi import application

from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator, graphql_http


async def test_nobody_is_logged_in() -> None:
    answer = await graphql_http(application, "{ me }")

    assert answer.status == 200
    assert answer.data == {"me": None}


# --8<-- [end:query]
# --8<-- [start:user]
async def test_ada_is_logged_in(client_of_ada: Client) -> None:
    answer = await graphql_http(application, "{ me }", client=client_of_ada)

    assert answer.data == {"me": "ada"}


SEND = """
  mutation ($text: String!) {
    sendMessage(room: "lobby", text: $text) { author text }
  }
"""


async def test_who_speaks_is_logged_in() -> None:
    answer = await graphql_http(application, SEND, {"text": "Hello!"})

    assert answer.data is None
    assert [error["message"] for error in answer.errors] == ["Log in first."]


# --8<-- [end:user]
# --8<-- [start:subscription]
LISTEN = """
  subscription {
    messageAdded(room: "lobby", last: 1) { author text }
  }
"""


async def test_what_ada_says_reaches_grace(client_of_ada: Client, grace: User) -> None:
    await graphql_http(application, SEND, {"text": "Is anybody there?"}, client=client_of_ada)

    async with GraphQLWebsocketCommunicator(application, user=grace) as socket:
        results = socket.subscribe(LISTEN)
        result = await anext(results)  # grace listens from here on
        assert result.data == {"messageAdded": {"author": "ada", "text": "Is anybody there?"}}

        await graphql_http(application, SEND, {"text": "Hello!"}, client=client_of_ada)
        result = await anext(results)
        assert result.data == {"messageAdded": {"author": "ada", "text": "Hello!"}}


async def test_who_listens_is_logged_in() -> None:
    async with GraphQLWebsocketCommunicator(application) as socket:
        result = await socket.execute(LISTEN)

        assert [error.message for error in result.errors or []] == ["Log in first."]


# --8<-- [end:subscription]
