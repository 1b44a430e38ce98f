"""What the site on PostgreSQL offers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import strawberry
from asgiref.sync import sync_to_async
from django.db import models
from strawberry.schema.config import StrawberryConfig

import strawberry_django

from .notes.models import Note
from .shared.models import Secret


async def _texts(kind: type[models.Model]) -> list[str]:
    return [text async for text in kind._default_manager.values_list("text", flat=True)]


def _write(text: str) -> str:
    Note.objects.create(text=text)
    return text


@strawberry.type
class Query:
    @strawberry.field
    async def notes(self) -> list[str]:
        return await _texts(Note)


@strawberry.type
class Mutation:
    @strawberry_django.mutation
    def write(self, text: str) -> str | None:
        return _write(text)

    @strawberry.mutation
    async def write_slowly(self, text: str) -> str | None:
        await sync_to_async(_write)(text)
        await asyncio.sleep(0)
        return await sync_to_async(_write)(text)

    @strawberry.mutation
    async def write_and_fail(self, text: str) -> str | None:
        await Note.objects.acreate(text=text)
        raise ValueError("after it has written")


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def notes(self, every: float = 0.05) -> AsyncGenerator[list[str], None]:
        while True:
            yield await _texts(Note)
            await asyncio.sleep(every)

    @strawberry.subscription
    async def secrets(self) -> AsyncGenerator[list[str], None]:
        while True:
            yield await _texts(Secret)
            await asyncio.sleep(0.05)


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(batching_config={"max_operations": 10}),
)
