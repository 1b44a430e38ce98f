"""Operations of a socket that have joined shared subscriptions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import strawberry

from strawberry_django.realtime import GraphQLWSConsumer, Topic, shared_subscription
from strawberry_django.realtime.broadcast.run import Runs
from strawberry_django.realtime.websocket.legacy import GraphQLWSHandler
from tests.schema import Query
from tests.support import LEGACY_WS, until
from tests.support_websocket import connect

texts = Topic("tests.sharing", str)
may_end = asyncio.Event()


@strawberry.type
class Subscription:
    @shared_subscription(audience=lambda info: "all")
    async def slow(self, number: int) -> AsyncGenerator[str, None]:
        try:
            yield str(number)
            await asyncio.Event().wait()
        finally:
            await may_end.wait()


schema = strawberry.Schema(Query, subscription=Subscription)


async def test_runs_that_end_slowly_count_for_who_has_begun_them() -> None:
    may_end.clear()
    application = GraphQLWSConsumer.as_asgi(schema=schema, max_subscriptions_per_connection=2)
    async with connect(application) as socket:
        for id_ in ("1", "2", "3"):
            await socket.subscribe(id_, f"subscription {{ slow(number: {id_}) }}")
            assert (await socket.receive())["payload"] == {"data": {"slow": id_}}
            await socket.send({"id": id_, "type": "complete"})
        await socket.subscribe("4", "{ hello }")
        assert "limit reached" in (await socket.receive())["payload"][0]["message"]
        may_end.set()
    await until(lambda: not Runs.current()._runs)


async def test_a_legacy_socket_keeps_nothing_of_what_the_client_has_stopped() -> None:
    handlers = []

    class Handler(GraphQLWSHandler):
        async def handle(self) -> None:
            handlers.append(self)
            await super().handle()

    class Consumer(GraphQLWSConsumer[Any, Any]):
        graphql_ws_handler_class = Handler

    may_end.set()
    application = Consumer.as_asgi(schema=schema, subscription_protocols=[LEGACY_WS])
    async with connect(application, subprotocols=[LEGACY_WS]) as socket:
        payload = {"query": "subscription { slow(number: 1) }"}
        await socket.send({"id": "1", "type": "start", "payload": payload})
        await socket.receive()
        await until(lambda: handlers[0]._shared)
        await socket.send({"id": "1", "type": "stop"})
        assert (await socket.receive())["type"] == "complete"
        assert not handlers[0]._shared
