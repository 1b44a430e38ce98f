"""What the site under attack offers; its resolvers suit both routers."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator
from importlib import import_module
from typing import Any, cast

import channels.auth
import strawberry
from django.contrib.auth import alogout, get_user_model
from django.urls import reverse
from strawberry.file_uploads import Upload
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info
from strawberry_django.auth.utils import get_current_user
from strawberry_django.permissions import IsAuthenticated

import strawberry_django

try:
    realtime: Any = import_module("strawberry_django.realtime")
except ImportError:  # The stock router is served.
    realtime = None
texts: Any = realtime and realtime.Topic("site.texts", str)
numbers: Any = realtime and realtime.Topic("site.numbers", int, history=realtime.History())

#: The generators that run now, by name.
running: dict[str, int] = {}

#: How often a field was resolved, by name.
resolved: dict[str, int] = {}


def consumer_of(info: Info[Any, Any]) -> Any:
    """Return the Channels consumer; the stock router gives it in place of the request."""
    request = info.context["request"]
    return getattr(request, "consumer", request)


def _secret() -> str:
    return "for users only"


class Running:
    """Count a generator while it runs."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        running[self.name] = running.get(self.name, 0) + 1

    def __exit__(self, *_: object) -> None:
        running[self.name] -= 1


_slow = threading.Condition()


def wait() -> str:
    """Wait as for a slow query, in a thread, where the ORM runs: until released, or 5 seconds."""
    with _slow, Running("wait"):
        _slow.wait(5)
    return "waited"


def release() -> None:
    """Let every slow query end."""
    with _slow:
        _slow.notify_all()


@strawberry.type
class Node:
    name: str = "node"

    @strawberry.field
    def child(self) -> Node:
        return Node()


@strawberry.type
class Query:
    @strawberry.field
    def me(self, info: Info[Any, Any]) -> str:
        return get_current_user(info).get_username() or "nobody"

    @strawberry.field
    def hello(self, info: Info[Any, Any]) -> str:
        """Greet the user as the documentation does."""
        return f"Hello, {info.context.request.user.username}!"

    secret: str = strawberry_django.field(resolver=_secret, extensions=[IsAuthenticated()])
    wait: str = strawberry_django.field(resolver=wait)

    @strawberry.field
    def ping(self) -> str:
        return "pong"

    @strawberry.field
    def echo(self, text: str, number: int = 0) -> str:
        return text

    @strawberry.field
    def big(self, size: int) -> str:
        return "x" * size

    @strawberry.field
    def address(self, info: Info[Any, Any]) -> list[str]:
        """Where a page is, and where this is."""
        return [reverse("visits"), info.context["request"].build_absolute_uri()]

    @strawberry.field
    def node(self) -> Node:
        return Node()

    @strawberry.field
    def fail(self) -> str:
        raise ValueError("the secret is 4711")

    @strawberry.field
    def touch(self, name: str) -> int:
        """Leave a trace that the test can see."""
        resolved[name] = resolved.get(name, 0) + 1
        return resolved[name]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def touch(self, name: str) -> int:
        resolved[name] = resolved.get(name, 0) + 1
        return resolved[name]

    @strawberry.mutation
    async def leave(self, info: Info[Any, Any], how: str) -> str:
        """Log out, in one of the ways that Django and Channels have."""
        request = info.context["request"]
        if how == "channels":
            await channels.auth.logout(request.scope)
        elif how == "django":
            await alogout(request)
        else:
            await request.session.aflush()
        return how

    @strawberry.mutation
    def upload(self, file: Upload) -> str:
        content: str = cast("Any", file).read().decode()
        return content


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int = 3) -> AsyncGenerator[int, None]:
        for number in range(1, to + 1):
            yield number

    @strawberry.subscription
    async def listen(self, info: Info[Any, Any], group: str) -> AsyncGenerator[str, None]:
        consumer = consumer_of(info)
        with Running(group):
            async with consumer.listen_to_channel("site.event", groups=[group]) as messages:
                yield "listening"
                async for message in messages:
                    yield message["text"]

    if realtime is not None:

        @realtime.shared_subscription
        async def told(self, name: str) -> AsyncGenerator[str, None]:
            """Yield what is published, for all who ask."""
            with Running(name):
                async with texts.subscribe(name=name) as events:
                    async for event in events:
                        yield event

        @realtime.shared_subscription
        async def shared_number(self, name: str) -> AsyncGenerator[int, None]:
            """Yield what is published on a topic with a history, for all who ask."""
            async with numbers.subscribe(name=name) as events:
                async for event in events:
                    yield event

        @strawberry.subscription
        async def number(self, name: str) -> AsyncGenerator[int, None]:
            """Yield the same for each who asks."""
            async with numbers.subscribe(name=name) as events:
                async for event in events:
                    yield event

    @strawberry.subscription
    async def tick(self, name: str, every: float = 0.05) -> AsyncGenerator[int, None]:
        """Yield for ever, slowly."""
        with Running(name):
            number = 0
            while True:
                number += 1
                yield number
                await asyncio.sleep(every)

    @strawberry.subscription
    async def poll(self, every: float = 0.05) -> AsyncGenerator[int, None]:
        """Ask the database again and again."""
        while True:
            yield await get_user_model().objects.acount()
            await asyncio.sleep(every)

    @strawberry.subscription
    async def farewell(self, name: str) -> AsyncGenerator[str, None]:
        """Yield once, and log the end."""
        try:
            yield "waiting"
            await asyncio.Event().wait()
        finally:
            logging.getLogger("security_site").warning("Farewell, %s!", name)

    @strawberry.subscription
    async def flood(self, size: int, name: str, seconds: float = 5) -> AsyncGenerator[str, None]:
        """Yield as fast as the client takes it, and never wait for anything."""
        with Running(name):
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                yield "x" * size

    @strawberry.subscription
    async def fail_after(self, count: int) -> AsyncGenerator[int, None]:
        for number in range(count):
            yield number
        raise ValueError("the secret is 4711")


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    extensions=[import_module("myproject.persisted").PersistedQueries],
    config=StrawberryConfig(batching_config={"max_operations": 10}),
)
