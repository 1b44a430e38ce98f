"""Code as written for Strawberry's own Channels consumers: only the imports have changed."""

from __future__ import annotations

# --8<-- [start:rooms]
from collections.abc import AsyncGenerator
from typing import Any

import strawberry

from strawberry_django.realtime import GraphQLContext, GraphQLWSConsumer


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def join_rooms(
        self, info: strawberry.Info[Any, Any], user: str, rooms: list[str]
    ) -> AsyncGenerator[str, None]:
        ws = info.context["ws"]
        joined = {"type": "chat.message", "text": f"{user} joined"}
        for room in rooms:
            await ws.channel_layer.group_add(room, ws.channel_name)
            await ws.channel_layer.group_send(room, joined)
        async with ws.listen_to_channel("chat.message", groups=rooms) as messages:
            async for message in messages:
                yield message["text"]


class WSConsumer(GraphQLWSConsumer[GraphQLContext, None]):
    def __init__(self, *arguments: Any, locale: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.locale = locale

    async def on_ws_connect(self, context: Any) -> dict[str, object]:
        context["locale"] = (context["connection_params"] or {}).get("locale", self.locale)
        return {"locale": context["locale"]}


# --8<-- [end:rooms]


@strawberry.type
class Query:
    @strawberry.field
    def locale(self, info: strawberry.Info[GraphQLContext, None]) -> str:
        """Tell what `on_ws_connect` has put into the context of the connection."""
        locale: str = info.context["locale"]
        return locale


schema = strawberry.Schema(query=Query, subscription=Subscription)

# --8<-- [start:application]
websocket = WSConsumer.as_asgi(schema=schema, session_auth=True, locale="en")
# --8<-- [end:application]
