"""A schema that bounds what a document may ask for, and that asks again at each event."""

from __future__ import annotations

# --8<-- [start:imports]
from collections.abc import AsyncGenerator
from typing import Any

# --8<-- [end:imports]
# --8<-- [start:event_permission]
import strawberry
from django.contrib.auth import get_user_model
from strawberry.permission import BasePermission
from strawberry.types import Info


class IsStaffNow(BasePermission):
    message = "Only for members of the staff."

    async def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        staff = get_user_model().objects.filter(is_staff=True)
        return await staff.filter(pk=info.context.request.user.pk).aexists()


@strawberry.type
class Event:
    text: str

    @strawberry.field(permission_classes=[IsStaffNow])  # (hl)
    def secret(self) -> str | None:
        return f"the secret of {self.text}"


@strawberry.type
class Subscription:
    @strawberry.subscription(permission_classes=[IsStaffNow])  # (hl)
    async def events(self, info: Info) -> AsyncGenerator[Event, None]:
        consumer = info.context.request.consumer
        async with consumer.listen_to_channel("events.event", groups=["events"]) as messages:
            yield Event(text="listening")
            async for message in messages:
                yield Event(text=message["text"])
                # --8<-- [end:event_permission]


@strawberry.type
class Node:
    name: str = "node"

    @strawberry.field
    def child(self) -> Node:
        return Node()


@strawberry.type
class Query:
    @strawberry.field
    def me(self, info: Info) -> str:
        return info.context.request.user.get_username() or "nobody"

    @strawberry.field
    def total(self) -> int | None:
        raise ValueError("the database is at 10.0.0.7")

    @strawberry.field
    def node(self) -> Node:
        return Node()


# --8<-- [start:mask]
from django.conf import settings
from django.core.exceptions import PermissionDenied
from graphql import GraphQLError
from strawberry.extensions import MaskErrors


def is_ours(error: GraphQLError) -> bool:
    said = error.original_error
    meant_for_clients = said is None or isinstance(said, (GraphQLError, PermissionDenied))
    return not (settings.DEBUG or meant_for_clients)
    # --8<-- [end:mask]


# --8<-- [start:limits]
from strawberry.extensions import MaxAliasesLimiter, MaxTokensLimiter, QueryDepthLimiter

schema = strawberry.Schema(
    query=Query,
    subscription=Subscription,
    extensions=[
        lambda: MaskErrors(should_mask_error=is_ours),  # (hl)
        lambda: QueryDepthLimiter(max_depth=5),
        lambda: MaxAliasesLimiter(max_alias_count=10),
        lambda: MaxTokensLimiter(max_token_count=500),
    ],
)
# --8<-- [end:limits]
