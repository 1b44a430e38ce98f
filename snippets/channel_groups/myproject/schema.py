# --8<-- [start:groups]
"""A room in which everybody hears what one says, by hand: a group of the channel layer."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry
from channels.layers import get_channel_layer


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def say(self, text: str) -> str:
        event = {"type": "room.said", "text": text}
        await get_channel_layer().group_send("room", event)  # (hl)
        return text


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def heard(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
        consumer = info.context.request.consumer
        async with consumer.listen_to_channel("room.said", groups=["room"]) as messages:  # (hl)
            yield "listening"
            async for message in messages:
                yield message["text"]


# --8<-- [end:groups]


@strawberry.type
class Query:
    ping: str = "pong"


schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)
