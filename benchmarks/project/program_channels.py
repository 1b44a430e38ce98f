"""A consumer written by hand for Channels: one group, and no GraphQL."""

from __future__ import annotations

import json
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from myproject.item import event


class Consumer(AsyncWebsocketConsumer):
    operation = ""

    async def connect(self) -> None:
        await self.accept("graphql-transport-ws")

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard("measured", self.channel_name)

    async def receive(self, text_data: str, bytes_data: bytes | None = None) -> None:
        message = json.loads(text_data)
        if message["type"] == "connection_init":
            await self.send(json.dumps({"type": "connection_ack"}))
        elif message["type"] == "subscribe":
            self.operation = message["id"]
            await self.channel_layer.group_add("measured", self.channel_name)

    async def measured_event(self, message: dict[str, Any]) -> None:
        payload = {"data": {"item": message["item"]}}
        await self.send(json.dumps({"id": self.operation, "type": "next", "payload": payload}))


async def publish(number: int) -> None:
    message = {"type": "measured.event", "item": event(number)}
    await get_channel_layer().group_send("measured", message)


application = Consumer.as_asgi()
