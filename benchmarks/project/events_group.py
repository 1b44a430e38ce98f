"""A subscription of the stock router: a group of the channel layer, as Strawberry documents it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import strawberry
from channels.layers import get_channel_layer
from myproject.item import Item, event


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def item(self, info: strawberry.Info) -> AsyncGenerator[Item, None]:
        consumer: Any = info.context["request"]
        async with consumer.listen_to_channel("measured.event", groups=["measured"]) as messages:
            async for message in messages:
                yield Item(**message["item"])


async def publish(number: int) -> None:
    message = {"type": "measured.event", "item": event(number)}
    await get_channel_layer().group_send("measured", message)
