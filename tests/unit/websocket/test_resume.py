"""A client that comes back with the id of its operation goes on where it was; nobody else does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import strawberry
from django.test import Client
from redis import Redis

from strawberry_django.realtime import (
    AuthGraphQLProtocolTypeRouter,
    GraphQLWSConsumer,
    History,
    Topic,
    shared_subscription,
)
from strawberry_django.realtime.pubsub import bookmarks
from strawberry_django.realtime.pubsub.bookmarks import Bookmark, Keeper
from strawberry_django.realtime.pubsub.feeds import Feeds
from tests.support import until
from tests.support_websocket import Socket, connect
from tests.unit.pubsub.test_topics import use

numbers = Topic("tests.resumed", int, history=History(seconds=60, events=5))


async def first(info: strawberry.Info) -> AsyncGenerator[int, None]:
    assert info.context.request
    yield -1


@strawberry.type
class Query:
    ok: bool = True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def number(self, room: int = 0) -> AsyncGenerator[int, None]:
        async with numbers.subscribe(room=room) as events:
            async for event in events:
                if event != 13:
                    yield event

    @shared_subscription
    async def shared(self, room: int = 0) -> AsyncGenerator[int, None]:
        async with numbers.subscribe(room=room) as events:
            async for event in events:
                if event != 13:
                    yield event

    @shared_subscription(initial=first)
    async def snapshot(self, room: int = 0) -> AsyncGenerator[int, None]:
        async with numbers.subscribe(room=room) as events:
            async for event in events:
                yield event


class NobodyGoesOn(GraphQLWSConsumer[Any, Any]):
    async def resume_identity(self, context: Any) -> None:
        assert context.request


schema = strawberry.Schema(Query, subscription=Subscription)
application = AuthGraphQLProtocolTypeRouter(schema)
nobody = AuthGraphQLProtocolTypeRouter(schema, websocket_consumer_class=NobodyGoesOn)


@pytest.fixture(autouse=True, params=["memory", "pubsub"])
async def layer(
    request: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    use(request.param, settings, request)
    if request.param == "pubsub":
        Redis.from_url(request.getfixturevalue("redis").url).flushall()
        async with numbers.subscribe():  # From now on channels_redis has its task.
            pass
    monkeypatch.setattr(bookmarks, "_WRITE", 0.1)
    monkeypatch.setattr(bookmarks, "_ANSWERED_IN", 0.05)
    yield
    await until(lambda: not Feeds.current()._feeds and Keeper.current()._task is None)


class Reader:
    """An operation of a client that reads, and answers pings."""

    def __init__(self, socket: Socket, id: str, query: str) -> None:
        self.socket = socket
        self.id = id
        self.query = query
        self.missed: list[Any] = []
        self.positions: list[str] = []

    async def begin(self, params: Any) -> Reader:
        await self.socket.init(params)
        confirm = {"extensions": {"confirm": True}}
        await self.socket.subscribe(self.id, self.query, **confirm)
        return self

    async def take(self, count: int) -> list[Any]:
        """Return the next results."""
        found: list[Any] = []
        while len(found) < count:
            frame = await self.socket.receive()
            if frame["type"] == "ping":
                await self.socket.send({**frame, "type": "pong"})
                continue
            assert frame["type"] == "next", frame
            (value,) = frame["payload"]["data"].values()
            extensions = frame["payload"].get("extensions", {})
            found.append(value)
            self.positions.append(extensions.get("position", ""))
            if extensions.get("missed"):
                self.missed.append(value)
        return found

    async def listens(self) -> None:
        """Wait until it listens."""
        while (frame := await self.socket.receive())["payload"] != {"subscribed": self.id}:
            assert frame["type"] == "ping"
            await self.socket.send({**frame, "type": "pong"})

    async def acknowledge(self) -> None:
        """Answer pings until the server asks no more: it has written down what was read."""
        with contextlib.suppress(asyncio.TimeoutError):
            while True:
                frame = await asyncio.wait_for(self.socket.receive(), 0.4)
                assert frame["type"] == "ping"
                await self.socket.send({**frame, "type": "pong"})


@contextlib.asynccontextmanager
async def reading(
    id: str,
    field: str = "number",
    *,
    client: Client | None = None,
    on: Any = application,
    params: Any = None,
) -> AsyncIterator[Reader]:
    """Subscribe for the length of the block; the socket is closed without a word."""
    async with connect(on, client=client, init=False) as socket:
        yield await Reader(socket, id, f"subscription {{ {field} }}").begin(params)


async def publish(*events: int) -> None:
    for event in events:
        await numbers.publish(event, room=0)


@pytest.mark.parametrize("field", ["number", "shared"])
async def test_who_comes_back_misses_nothing(field: str) -> None:
    operation = str(uuid4())
    async with reading(operation, field) as reader:
        await reader.listens()
        await publish(1, 2)
        assert await reader.take(2) == [1, 2]
        await reader.acknowledge()
        await publish(13, 3)
        assert await reader.take(1) == [3]  # and does not say so
    await publish(4, 13)
    async with reading(operation, field) as again:
        assert await again.take(2) == [3, 4]
        assert again.positions[0] == reader.positions[-1]
        await publish(5)
        assert await again.take(1) == [5]
        await again.acknowledge()
    async with reading(operation, field) as again:
        await publish(6)
        assert await again.take(1) == [6]
        assert again.missed == []


@pytest.mark.parametrize("how", ["id", "document", "identity", "user", "completed"])
@pytest.mark.parametrize("field", ["number", "shared"])
async def test_nobody_else_goes_on(how: str, field: str, ada_client: Client) -> None:
    operation = "1" if how == "id" else str(uuid4())
    on = nobody if how == "identity" else application
    async with reading(operation, field, on=on) as reader:
        await reader.listens()
        await publish(1)
        assert await reader.take(1) == [1]
        if how == "completed":
            await reader.socket.send({"id": operation, "type": "complete"})
            await until(lambda: Keeper.current()._task is None)
    await publish(2)
    asked = f"{field}(room: 0)" if how == "document" else field
    client = ada_client if how == "user" else None
    async with reading(operation, asked, client=client, on=on) as other:
        await other.listens()
        await publish(3)
        assert await other.take(1) == [3]


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("field", ["number", "shared"])
async def test_nothing_is_missed_while_it_is_looked_up(
    field: str, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others make the shared execution go on meanwhile."""
    operation = str(uuid4())
    if known:
        async with reading(operation, field) as reader:
            await reader.listens()
    claim = Bookmark.claim

    async def slowly(self: Bookmark, *arguments: Any, **options: Any) -> Any:
        await publish(1, 2)
        found = await claim(self, *arguments, **options)
        await publish(3)
        await asyncio.sleep(0.1)
        return found

    async with reading(str(uuid4()), field) as other:
        await other.listens()
        monkeypatch.setattr(Bookmark, "claim", slowly)
        async with reading(operation, field) as reader:
            assert await reader.take(3) == [1, 2, 3]
            await publish(4)
            assert await reader.take(1) == [4]
        assert await other.take(4) == [1, 2, 3, 4]


@pytest.mark.parametrize("field", ["number", "shared"])
async def test_the_older_operation_ends(field: str) -> None:
    operation = str(uuid4())
    async with reading(operation, field) as older:
        await older.listens()
        async with reading(operation, field) as newer:
            await newer.listens()
            while (frame := await older.socket.receive())["type"] == "ping":
                await older.socket.send({**frame, "type": "pong"})
            assert frame["type"] == "error"
            assert "another socket" in frame["payload"][0]["message"]
            await publish(1)
            assert await newer.take(1) == [1]


async def test_first_results_come_again_unless_they_were_read() -> None:
    operation = str(uuid4())
    async with reading(operation, "snapshot") as reader:
        assert await reader.take(1) == [-1]
        await publish(1)
        assert await reader.take(1) == [1]
    async with reading(operation, "snapshot") as reader:
        assert await reader.take(1) == [-1]
        await reader.acknowledge()
    await publish(2)
    async with reading(operation, "snapshot") as reader:
        assert await reader.take(1) == [2]


@pytest.mark.parametrize("field", ["number", "shared", "snapshot"])
async def test_what_cannot_be_sent_again_is_told(field: str) -> None:
    operation = str(uuid4())
    async with reading(operation, field) as reader:
        if field == "snapshot":
            await reader.take(1)
        else:
            await reader.listens()
        await publish(1)
        await reader.take(1)
        await reader.acknowledge()
    await publish(*range(2, 10))
    async with reading(operation, field) as reader:
        if field == "snapshot":
            assert await reader.take(1) == reader.missed == [-1]
            await publish(10)
            assert await reader.take(1) == [10]
            return
        while (frame := await reader.socket.receive())["type"] == "ping":
            pass
        assert frame["type"] == "error"
        assert frame["payload"][0]["extensions"] == {"code": "EVENTS_MISSED"}
