# --8<-- [start:message]
"""The chat's GraphQL schema."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

import strawberry
from chat import models
from graphql import GraphQLError
from strawberry.permission import BasePermission
from strawberry.types import ExecutionContext

from strawberry_django.realtime import Topic, shared_subscription


@strawberry.type
class Message:
    id: strawberry.ID
    author: str
    text: str
    sent_at: datetime


# --8<-- [end:message]
# --8<-- [start:topic]
new_messages = Topic("chat.messages", Message)


# --8<-- [end:topic]
# --8<-- [start:helpers]
class RefusalError(GraphQLError):
    """What the client asks for cannot be; the message says why."""


class LoggedIn(BasePermission):
    message = "Log in first."
    error_class = RefusalError

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return bool(info.context.request.user.is_authenticated)


def check_room(room: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,50}", room):
        raise RefusalError("A room's name is 1 to 50 letters, digits, hyphens and underscores.")


def from_row(row: models.Message) -> Message:
    return Message(
        id=strawberry.ID(str(row.pk)),
        author=row.author.get_username(),
        text=row.text,
        sent_at=row.sent_at,
    )


async def last_messages(room: str, count: int) -> list[Message]:
    check_room(room)
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

    @strawberry.field(permission_classes=[LoggedIn])
    async def messages(self, room: str, last: int = 50) -> list[Message]:
        return await last_messages(room, last)


# --8<-- [end:query]
# --8<-- [start:mutation]
@strawberry.type
class Mutation:
    @strawberry.mutation(permission_classes=[LoggedIn])
    async def send_message(self, info: strawberry.Info, room: str, text: str) -> Message:
        check_room(room)
        text = text.strip()
        if not 1 <= len(text) <= 500:
            raise RefusalError("A message has 1 to 500 characters.")
        user = info.context.request.user
        row = await models.Message.objects.acreate(room=room, author=user, text=text)
        message = from_row(row)
        await new_messages.publish(message, room=room)  # (hl)
        return message


# --8<-- [end:mutation]
# --8<-- [start:subscription]
async def said_before(
    info: strawberry.Info,
    room: str,
    last: int,
) -> AsyncGenerator[Message, None]:
    for message in await last_messages(room, last):
        yield message


@strawberry.type
class Subscription:
    @shared_subscription(permission_classes=[LoggedIn], initial=said_before)
    async def message_added(self, room: str, last: int = 0) -> AsyncGenerator[Message, None]:
        async with new_messages.subscribe(room=room) as events:
            async for message in events:
                yield message


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
