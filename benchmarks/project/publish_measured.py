"""Publish from a plain process in a loop, and print the seconds and the connections of each way."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

import django

django.setup()

import redis  # noqa: E402
from asgiref.sync import async_to_sync  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from myproject.events_topic import items  # noqa: E402
from myproject.item import Item, event  # noqa: E402

client, asked = (redis.Redis.from_url(os.environ["REDIS"]) for _ in range(2))
body = json.dumps(event(0))
item = Item(**event(0))
message = {"type": "measured.event", "item": event(0)}


def received() -> int:
    return int(asked.info("stats")["total_connections_received"])


def measure(publish: Callable[[], object], count: int) -> dict[str, float]:
    connections = received()
    publish()
    before = time.process_time_ns()
    for _ in range(count):
        publish()
    seconds = (time.process_time_ns() - before) / count / 1e9
    return {"seconds": seconds, "connections": received() - connections}


layer = get_channel_layer()
ways: dict[str, Callable[[], object]] = {
    "bare": lambda: client.publish("measured", body),
    "group_send": lambda: async_to_sync(layer.group_send)("measured", message),
    "ours": lambda: items.publish_sync(item),
}
print(json.dumps({name: measure(way, int(sys.argv[1])) for name, way in ways.items()}))
