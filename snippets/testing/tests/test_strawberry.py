# --8<-- [start:headers]
"""Strawberry's own communicator, with what a browser would send."""

from __future__ import annotations

from django.test import Client
from myproject.asgi import application
from strawberry.channels.testing import GraphQLWebsocketCommunicator


async def test_it_connects_with_headers(transactional_db: None, client_of_ada: Client) -> None:
    headers = [
        (b"host", b"testserver"),
        (b"origin", b"http://testserver"),
        (b"cookie", f"sessionid={client_of_ada.cookies['sessionid'].value}".encode()),
    ]
    async with GraphQLWebsocketCommunicator(application, "/graphql", headers) as socket:
        async for result in socket.subscribe("{ me }"):
            assert result.data == {"me": "ada"}


# --8<-- [end:headers]
