"""The same subscription on a topic: shared, or executed for each subscriber."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry
from myproject.item import MEASURED, Item, event

from strawberry_django.realtime import Topic, shared_subscription

items = Topic("measured", Item)
subscription = strawberry.subscription if MEASURED == "executed" else shared_subscription


@strawberry.type
class Subscription:
    @subscription
    async def item(self) -> AsyncGenerator[Item, None]:
        async with items.subscribe() as events:
            async for one in events:
                yield one


async def publish(number: int) -> None:
    await items.publish(Item(**event(number)))
