"""Bare ASGI: the bytes on the wire, and nothing behind them.

It knows no schema, user or channel layer, and is the least that a server in Python can need.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from myproject.item import event

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

listening: dict[Send, str] = {}


async def publish(number: int) -> None:
    item = event(number)
    for send, operation in list(listening.items()):
        await text(send, {"id": operation, "type": "next", "payload": {"data": {"item": item}}})


async def application(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await socket(receive, send)
    elif scope["type"] == "http":
        json.loads((await receive())["body"])
        body = json.dumps({"data": {"ping": "pong"}}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def socket(receive: Receive, send: Send) -> None:
    """Speak as much of `graphql-transport-ws` as the measurement needs."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
    while (received := await receive())["type"] == "websocket.receive":
        message = json.loads(received["text"])
        if message["type"] == "connection_init":
            await text(send, {"type": "connection_ack"})
        elif message["type"] == "subscribe":
            listening[send] = message["id"]
    listening.pop(send, None)


async def text(send: Send, message: Message) -> None:
    await send({"type": "websocket.send", "text": json.dumps(message)})
