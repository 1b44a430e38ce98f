# --8<-- [start:case]
"""The chat, tested with Django's own classes."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import TestCase
from myproject.asgi import application

from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator, graphql_http


class ChatTest(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.ada = User.objects.create_user("ada")

    async def test_ada_is_logged_in(self) -> None:
        await self.async_client.aforce_login(self.ada)
        answer = await graphql_http(application, "{ me }", client=self.async_client)
        assert answer.data == {"me": "ada"}

    async def test_ada_is_logged_in_over_websocket(self) -> None:
        async with GraphQLWebsocketCommunicator(application, user=self.ada) as socket:
            result = await socket.execute("{ me }")
        assert result.data == {"me": "ada"}


# --8<-- [end:case]
