"""The smallest schema there is: enough to see that the routing works."""

from __future__ import annotations

# --8<-- [start:schema]
import strawberry


@strawberry.type
class Query:
    @strawberry.field
    def ping(self) -> str:
        return "pong"


schema = strawberry.Schema(query=Query)
# --8<-- [end:schema]
