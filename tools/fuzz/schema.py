"""The schema of the fuzzed project: operations of every kind, and the server's own vitals."""

# ruff: noqa: D101, D102 - a schema is read by its types

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator

import psutil
import strawberry
from strawberry.types import Info


@strawberry.type
class Vitals:
    tasks: int
    rss: int


@strawberry.type
class Query:
    @strawberry.field
    def me(self, info: Info) -> str:
        return info.context.request.user.get_username() or "anonymous"

    @strawberry.field
    def echo(self, text: str = "", number: int = 0, ratio: float = 0.0) -> str:
        return f"{text}{number}{ratio}"

    @strawberry.field
    async def vitals(self) -> Vitals:
        gc.collect()
        return Vitals(tasks=len(asyncio.all_tasks()), rss=psutil.Process().memory_info().rss >> 20)


@strawberry.type
class Mutation:
    @strawberry.mutation
    def shout(self, text: str) -> str:
        return text.upper()


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int = 3) -> AsyncGenerator[int, None]:
        for number in range(min(to, 10)):
            yield number

    @strawberry.subscription
    async def forever(self) -> AsyncGenerator[str, None]:
        await asyncio.Event().wait()
        yield "never"

    @strawberry.subscription
    async def listen(self, info: Info) -> AsyncGenerator[str, None]:
        async with info.context.consumer.listen_to_channel("fuzz", groups=["fuzz"]) as messages:
            async for message in messages:
                yield message["text"]


schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)
