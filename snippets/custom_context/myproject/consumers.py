"""Consumers whose context has a data loader, made afresh for each operation."""

from __future__ import annotations

# --8<-- [start:consumers]
from typing import Any

from django.contrib.auth.models import User
from strawberry.dataloader import DataLoader

from strawberry_django.realtime import GraphQLContext, GraphQLHTTPConsumer, GraphQLWSConsumer


class Context(GraphQLContext):
    usernames: DataLoader[int, str | None]


async def load_usernames(ids: list[int]) -> list[str | None]:
    users = User.objects.filter(pk__in=ids).values_list("pk", "username")
    names = {pk: name async for pk, name in users}
    return [names.get(pk) for pk in ids]


class HTTPConsumer(GraphQLHTTPConsumer):
    async def get_context(self, request: Any, response: Any) -> Context:
        context = await super().get_context(request, response)
        return Context(context, usernames=DataLoader(load_usernames))  # (hl)


class WSConsumer(GraphQLWSConsumer):
    async def get_context(self, request: Any, response: Any) -> Context:
        context = await super().get_context(request, response)
        return Context(context, usernames=DataLoader(load_usernames))  # (hl)


# --8<-- [end:consumers]
