"""The schema of the tests: fields with a meaning, and probes that a test fills in itself."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from typing import Any

import strawberry
from django.contrib.auth import get_user_model
from strawberry.file_uploads import Upload
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info
from strawberry_django.optimizer import DjangoOptimizerExtension
from strawberry_django.permissions import IsAuthenticated

import strawberry_django
from strawberry_django import auth

#: What happened in a resolver, by a name that the test made up.
signals: defaultdict[str, threading.Event] = defaultdict(threading.Event)

_probes: dict[str, Callable[[Info[Any, Any]], Any]] = {}


def probe(function: Callable[[Info[Any, Any]], Any]) -> str:
    """Let `{ probe(name: …) }` call `function` with the operation's `info`; return the name."""
    _probes[function.__name__] = function
    return function.__name__


def greeting(info: Info[Any, Any]) -> str:
    user = info.context.request.user
    return f"Hello, {user.get_username() or 'stranger'}!"


def read(file: Any) -> str:
    content: str = file.read().decode()
    return content


class Never(BasePermission):
    message = "Never"

    def has_permission(self, *_: Any, **__: Any) -> bool:
        return False


@strawberry_django.type(get_user_model())
class UserType:
    username: strawberry.auto


@strawberry.type
class Query:
    current_user: UserType = auth.current_user()

    @strawberry.field
    def hello(self, info: Info[Any, Any]) -> str:
        """Touch the user in a synchronous resolver, on the event loop."""
        return greeting(info)

    @strawberry.field
    async def hello_async(self, info: Info[Any, Any]) -> str:
        return greeting(info)

    @strawberry_django.field
    def users(self) -> int:
        """Ask the database, in a thread."""
        return get_user_model().objects.count()

    @strawberry_django.field(extensions=[IsAuthenticated()])
    def secret(self) -> str:
        return "for those who are logged in"

    @strawberry.field
    def calls(self, info: Info[Any, Any]) -> int:
        """Count the calls that share one context."""
        info.context["calls"] = info.context.get("calls", 0) + 1
        calls: int = info.context["calls"]
        return calls

    @strawberry.field
    def params(self, info: Info[Any, Any]) -> JSON | None:
        params: JSON | None = info.context["connection_params"]
        return params

    @strawberry.field
    def root(self) -> str:
        return repr(self)

    @strawberry.field
    def echo(self, text: str) -> str:
        return text

    @strawberry.field
    def fail(self) -> str | None:
        raise ValueError("This field always fails")

    @strawberry_django.field
    def wait(self, name: str) -> bool:
        """Hold a thread until the test sets the signal."""
        signals[f"{name} started"].set()
        return signals[name].wait(10)

    @strawberry.field
    async def probe(self, info: Info[Any, Any], name: str) -> JSON | None:
        result = _probes[name](info)
        answer: JSON | None = await result if inspect.isawaitable(result) else result
        return answer

    @strawberry_django.field
    def probe_in_thread(self, info: Info[Any, Any], name: str) -> JSON | None:
        answer: JSON | None = _probes[name](info)
        return answer


@strawberry.type
class Mutation:
    login: UserType | None = auth.login()
    logout: bool = auth.logout()  # pyright: ignore[reportAssignmentType]

    @strawberry.mutation
    def upload(self, file: Upload) -> str:
        return read(file)

    @strawberry_django.mutation(handle_django_errors=False)
    def remember(self, info: Info[Any, Any], value: str) -> str | None:
        """Keep a value in the session, and return the one before."""
        before: str | None = info.context.request.session.get("value")
        info.context.request.session["value"] = value
        return before

    @strawberry.mutation
    def respond(self, info: Info[Any, Any], status: int) -> bool:
        """Set a status, a header and a cookie of the response."""
        info.context.response.status_code = status
        info.context.response["X-Answer"] = "42"
        info.context.response.set_cookie("flavour", "vanilla")
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int = 3) -> AsyncGenerator[int, None]:
        for number in range(1, to + 1):
            yield number

    @strawberry.subscription(permission_classes=[Never])
    async def members(self) -> AsyncGenerator[int, None]:
        yield 1

    @strawberry.subscription
    async def hello(self, info: Info[Any, Any]) -> AsyncGenerator[str, None]:
        yield greeting(info)

    @strawberry.subscription
    async def listen(
        self, info: Info[Any, Any], groups: list[str], name: str = ""
    ) -> AsyncGenerator[str, None]:
        """Yield the texts that come over the channel layer, after a first "listening"."""
        consumer = info.context.request.consumer
        try:
            async with consumer.listen_to_channel("test.message", groups=groups) as messages:
                yield "listening"
                async for message in messages:
                    yield message["text"]
        finally:
            signals[f"{name} ended"].set()

    @strawberry.subscription
    async def fail_after(self, count: int) -> AsyncGenerator[int, None]:
        for number in range(count):
            yield number
        raise ValueError("This subscription always fails")

    @strawberry.subscription
    async def flood(self, size: int, name: str = "") -> AsyncGenerator[str, None]:
        """Yield for ever, as fast as the client takes it, and never wait for anything."""
        try:
            while True:
                yield "x" * size
        finally:
            signals[f"{name} ended"].set()

    @strawberry.subscription
    async def probe(self, info: Info[Any, Any], name: str) -> AsyncGenerator[JSON | None, None]:
        async for value in _probes[name](info):
            yield value


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    extensions=[DjangoOptimizerExtension],
    config=StrawberryConfig(batching_config={"max_operations": 3}),
)


def stubborn() -> tuple[str, asyncio.Event]:
    """What swallows its cancellation, and goes on; with its end."""
    over = asyncio.Event()

    async def source(info: Any) -> AsyncGenerator[int, None]:
        try:
            yield 1
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            while True:
                yield 2
        finally:
            over.set()

    return f'subscription {{ probe(name: "{probe(source)}") }}', over
