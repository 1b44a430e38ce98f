# --8<-- [start:message]
"""The chat's GraphQL schema."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

import strawberry
from channels.layers import get_channel_layer
from chat import models
from graphql import GraphQLError
from strawberry.types import ExecutionContext


@strawberry.type
class Message:
    id: strawberry.ID
    author: str
    text: str
    sent_at: datetime


# --8<-- [end:message]
# --8<-- [start:helpers]
class RefusalError(Exception):
    """What the client asks for cannot be; the message says why."""


def require_user(info: strawberry.Info) -> Any:
    user = info.context.request.user
    if not user.is_authenticated:
        raise RefusalError("Log in first.")
    return user


def group_name(room: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,50}", room):
        raise RefusalError("A room's name is 1 to 50 letters, digits, hyphens and underscores.")
    return f"chat_{room}"


def from_row(row: models.Message) -> Message:
    return Message(
        id=strawberry.ID(str(row.pk)),
        author=row.author.get_username(),
        text=row.text,
        sent_at=row.sent_at,
    )


async def last_messages(room: str, count: int) -> list[Message]:
    rows = models.Message.objects.filter(room=room).select_related("author").order_by("-id")
    newest = [from_row(row) async for row in rows[: max(0, min(count, 100))]]
    return newest[::-1]


# --8<-- [end:helpers]
# --8<-- [start:query]
@strawberry.type
class Query:
    @strawberry.field
    def me(self, info: strawberry.Info) -> str | None:
        return info.context.request.user.get_username() or None

    @strawberry.field
    async def messages(self, info: strawberry.Info, room: str, last: int = 50) -> list[Message]:
        require_user(info)
        return await last_messages(room, last)


# --8<-- [end:query]
# --8<-- [start:mutation]
@strawberry.type
class Mutation:
    @strawberry.mutation
    async def send_message(self, info: strawberry.Info, room: str, text: str) -> Message:
        user = require_user(info)
        group = group_name(room)
        text = text.strip()
        if not 1 <= len(text) <= 500:
            raise RefusalError("A message has 1 to 500 characters.")
        row = await models.Message.objects.acreate(room=room, author=user, text=text)
        message = from_row(row)
        event = {
            "type": "chat.message",
            "id": message.id,
            "author": message.author,
            "text": message.text,
            "sent_at": message.sent_at.isoformat(),
        }
        await get_channel_layer().group_send(group, event)
        return message


# --8<-- [end:mutation]
# --8<-- [start:subscription]
@strawberry.type
class Subscription:
    @strawberry.subscription
    async def message_added(
        self, info: strawberry.Info, room: str, last: int = 0
    ) -> AsyncGenerator[Message, None]:
        require_user(info)
        consumer = info.context.request.consumer
        async with consumer.listen_to_channel("chat.message", groups=[group_name(room)]) as events:
            for message in await last_messages(room, last):
                yield message
            async for event in events:
                yield Message(
                    id=event["id"],
                    author=event["author"],
                    text=event["text"],
                    sent_at=datetime.fromisoformat(event["sent_at"]),
                )


# --8<-- [end:subscription]
# --8<-- [start:schema]
class Schema(strawberry.Schema):
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        faults = [error for error in errors if not isinstance(error.original_error, RefusalError)]
        super().process_errors(faults, execution_context)


schema = Schema(query=Query, mutation=Mutation, subscription=Subscription)
# --8<-- [end:schema]
