# --8<-- [start:types]
from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry
from django.contrib.auth.models import User
from shop.models import Order, order_changes
from strawberry_django.optimizer import DjangoOptimizerExtension

import strawberry_django
from strawberry_django.realtime import Topic


@strawberry_django.type(User)
class Customer:
    username: strawberry.auto


@strawberry_django.type(Order)
class OrderType:
    id: strawberry.auto
    status: strawberry.auto
    customer: Customer


@strawberry.type
class OrderChange:
    kind: str
    id: strawberry.ID
    order: OrderType | None


@strawberry.type
class Query:
    orders: list[OrderType] = strawberry_django.field()


# --8<-- [end:types]
# --8<-- [start:rows]
packed = Topic("shop.packed", Order)


async def pack(order: Order) -> None:
    await packed.publish(order, customer=order.customer_id)


# --8<-- [end:rows]
# --8<-- [start:subscription]
@strawberry.type
class Subscription:
    @strawberry.subscription
    async def my_orders(self, info: strawberry.Info) -> AsyncGenerator[OrderChange, None]:
        user = info.context.request.user
        if not user.is_authenticated:
            raise PermissionError("Log in first.")
        async with order_changes.subscribe(customer=user.pk) as changes:
            async for change in changes:
                yield OrderChange(kind=change.kind, id=change.pk, order=change.instance)

    # --8<-- [end:subscription]
    # --8<-- [start:received]
    @strawberry.subscription
    async def order_packed(self, info: strawberry.Info) -> AsyncGenerator[OrderType, None]:
        async with packed.subscribe(customer=info.context.request.user.pk) as orders:
            async for order in orders:
                yield order

    # --8<-- [end:received]


# --8<-- [start:schema]
schema = strawberry.Schema(
    query=Query, subscription=Subscription, extensions=[DjangoOptimizerExtension]
)
# --8<-- [end:schema]
