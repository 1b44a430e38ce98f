# --8<-- [start:ask]
"""Talk to the chat from a program, with gql."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportConnectionFailed
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport


async def ask(site: str, cookies: dict[str, str], document: str, **variables: Any) -> Any:
    transport = HTTPXAsyncTransport(url=f"{site}/graphql", cookies=cookies)
    async with Client(transport=transport) as session:
        return await session.execute(GraphQLRequest(document, variable_values=variables))


# --8<-- [end:ask]
# --8<-- [start:listen]
async def listen(
    site: str, cookies: dict[str, str], document: str, **variables: Any
) -> AsyncIterator[Any]:
    address = "ws" + site.removeprefix("http") + "/graphql"
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers = {"Origin": site, "Cookie": cookie}
    request = GraphQLRequest(document, variable_values=variables)
    while True:
        transport = WebsocketsTransport(
            url=address, headers=headers, subprotocols=["graphql-transport-ws"]
        )
        try:
            async with Client(transport=transport) as session:
                async for data in session.subscribe(request):
                    yield data
                return
        except TransportConnectionFailed:
            await asyncio.sleep(1)


# --8<-- [end:listen]
