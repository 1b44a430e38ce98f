"""What Strawberry's protocol handlers see of a WebSocket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer
from tests.schema import schema
from tests.support import LEGACY_WS
from tests.support_websocket import connect

PROTOCOLS = ["graphql-transport-ws", LEGACY_WS]


def consumer(**options: Any) -> Any:
    return GraphQLWSConsumer.as_asgi(
        schema=schema, session_auth=True, subscription_protocols=PROTOCOLS, **options
    )


def operation(subprotocol: str, id: str) -> dict[str, Any]:
    kind = "start" if subprotocol == LEGACY_WS else "subscribe"
    return {"type": kind, "id": id, "payload": {"query": "{ hello }"}}


async def test_what_waits_for_a_busy_socket_waits_in_the_server() -> None:
    release = asyncio.Event()

    class Slow(GraphQLWSConsumer):
        async def on_connect(self, context: Any) -> None:
            await release.wait()

    async with connect(Slow.as_asgi(schema=schema, session_auth=True), init=False) as socket:
        await socket.send({"type": "connection_init"})
        for number in range(10):
            await socket.send(operation("", str(number)))
        assert await socket.communicator.receive_nothing(0.02)
        # One is read, to hear of a client that leaves.
        assert socket.communicator.input_queue.qsize() == 9
        release.set()
        assert await socket.receive() == {"type": "connection_ack"}
        answers = [await socket.receive() for _ in range(20)]
    assert len(answers) == 20


async def test_a_binary_message_that_is_too_long_is_1009_as_well() -> None:
    async with connect(consumer(max_message_size=100)) as socket:
        await socket.send_bytes(b"x" * 101)
        assert (await socket.closed())[0] == 1009


async def test_a_message_may_be_as_long_as_the_limit() -> None:
    message = json.dumps({"type": "ping", "payload": {"a": "é"}}, ensure_ascii=False)
    size = len(message.encode())
    async with connect(consumer(max_message_size=size), init=False) as socket:
        await socket.send_text(message)
        assert (await socket.receive())["type"] == "pong"


async def test_the_reason_names_the_option() -> None:
    async with connect(consumer(max_messages_per_second=2), init=False) as socket:
        for _ in range(3):
            await socket.send({"type": "pong"})
        closed = await socket.closed()
    assert closed == (4429, "More than 2 messages a second (max_messages_per_second)")


async def test_a_message_of_both_kinds_is_text() -> None:
    async with connect(consumer(), init=False) as socket:
        message = {"type": "websocket.receive", "text": '{"type":"ping"}', "bytes": None}
        await socket.communicator.send_input(message)
        assert await socket.receive() == {"type": "pong"}


@pytest.mark.parametrize("message", [{}, {"text": None, "bytes": None}])
async def test_a_message_of_neither_kind_is_4400(message: dict[str, Any]) -> None:
    async with connect(consumer(), init=False) as socket:
        await socket.communicator.send_input({"type": "websocket.receive", **message})
        assert (await socket.closed())[0] == 4400
