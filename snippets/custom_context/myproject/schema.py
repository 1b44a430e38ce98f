"""A schema that finds its data loader in the context."""

from __future__ import annotations

# --8<-- [start:schema]
import strawberry
from myproject.consumers import Context
from strawberry.types import Info


@strawberry.type
class Query:
    @strawberry.field
    async def username(self, info: Info[Context, None], id: int) -> str | None:
        return await info.context.usernames.load(id)  # (hl)


schema = strawberry.Schema(query=Query)
# --8<-- [end:schema]
