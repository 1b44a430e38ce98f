"""What is asked of each router: an answer that costs nothing, and events of a channel layer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import strawberry


@strawberry.type
class Query:
    @strawberry.field
    def ping(self) -> str:
        return "pong"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def listen(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
        request: Any = info.context["request"]
        # The stock router gives the Channels consumer in place of the request.
        consumer = getattr(request, "consumer", request)
        async with consumer.listen_to_channel("measured.event", groups=["measured"]) as messages:
            yield "listening"
            async for message in messages:
                yield message["text"]


schema = strawberry.Schema(query=Query, subscription=Subscription)
