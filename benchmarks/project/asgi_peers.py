"""The peers: what the same answers cost in plain ASGI, and Django without any router.

The bare application knows no schema, no user and no channel layer. It does what the bytes on the
wire ask for, and is the least that a server in Python can pay.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

django_application = get_asgi_application()
listening: dict[Send, str] = {}


async def application(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await socket(receive, send)
    elif scope["type"] == "http" and scope["path"] == "/graphql":
        json.loads(await body_of(receive))
        await answer(send, b"application/json", json.dumps({"data": {"ping": "pong"}}).encode())
    elif scope["type"] == "http" and scope["path"] == "/publish/":
        for number in range(int(await body_of(receive))):
            for listener, operation in listening.items():
                await result(listener, operation, str(number))
        await answer(send, b"text/plain", b"done")
    else:
        await django_application(scope, receive, send)


async def socket(receive: Receive, send: Send) -> None:
    """Speak as much of `graphql-transport-ws` as the measurement needs."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
    while (event := await receive())["type"] == "websocket.receive":
        message = json.loads(event["text"])
        if message["type"] == "connection_init":
            await text(send, {"type": "connection_ack"})
        else:
            listening[send] = message["id"]
            await result(send, message["id"], "listening")
    listening.pop(send, None)


async def result(send: Send, operation: str, value: str) -> None:
    await text(send, {"id": operation, "type": "next", "payload": {"data": {"listen": value}}})


async def text(send: Send, message: Message) -> None:
    await send({"type": "websocket.send", "text": json.dumps(message)})


async def body_of(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


async def answer(send: Send, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
