"""A schema that asks who is there, in a sync and in an async resolver."""

from __future__ import annotations

# --8<-- [start:schema]
import strawberry
from strawberry.types import Info

from strawberry_django.realtime import GraphQLContext


@strawberry.type
class Query:
    @strawberry.field
    def me(self, info: Info) -> str:
        user = info.context.request.user
        if user.is_authenticated:
            return f"Hello, {user.username}!"
        return "Hello, anonymous!"

    @strawberry.field
    async def my_groups(self, info: Info[GraphQLContext, None]) -> list[str]:
        user = info.context.request.user
        return [group.name async for group in user.groups.order_by("name")]


schema = strawberry.Schema(query=Query)
# --8<-- [end:schema]
