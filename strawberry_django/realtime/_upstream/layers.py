"""Of channel layers.

Ground: imports `exceptions` only.
"""

# ruff: noqa: SLF001 - the rule that holds everywhere else

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any
from uuid import uuid4

from channels.layers import InMemoryChannelLayer

from ..exceptions import ChannelLayerError


def _is_of(layer: Any, module: str) -> bool:
    return any(kind.__module__ == module for kind in type(layer).__mro__)


def channels_share_a_key(layer: Any) -> bool:
    """Tell whether one subscription takes the messages of all others of its process from Redis."""
    return _is_of(layer, "channels_redis.core")


def holds_channel(layer: Any, channel: str) -> bool | None:
    """Tell whether the pub/sub layer holds `channel`; `None` for another layer.

    It gives the channel back when a `receive` that waits is cancelled, and in no other way.
    """
    return channel in layer.channels if _is_pubsub(layer) else None


def forget_channel(layer: Any, channel: str) -> None:
    """Take what waits for a channel that has ended: nobody else ever does."""
    if channels_share_a_key(layer):
        layer.receive_buffer.pop(channel, None)
    elif isinstance(layer, InMemoryChannelLayer):
        layer.channels.pop(channel, None)


def is_undecodable(error: Exception) -> bool:
    """Tell whether a layer's `receive` has failed over one message, which it has taken already."""
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_name == "deserialize":
            return True
        traceback = traceback.tb_next
    return False


def pool_is_full(error: Exception) -> bool:
    """Tell whether redis-py has as many connections as `max_connections` allows."""
    return "too many connections" in str(error).lower()


def name_channel(layer: Any) -> str:
    """Name a channel of `layer` at once, where Channels waits for `new_channel()`.

    The pub/sub layer would wait for Redis, and takes only channels that it knows into a group.

    Raises:
        ChannelLayerError: the layer has to be waited for, and is none that we know.
    """
    if _is_pubsub(layer):
        name = f"{layer.prefix}specific.{uuid4().hex}"
        layer.channels[name] = asyncio.Queue()
        return name
    making = layer.new_channel()
    try:
        making.send(None)
    except StopIteration as made:
        return str(made.value)
    making.close()
    raise ChannelLayerError(
        f"{type(layer).__qualname__} cannot name a channel without waiting. "
        "Use listen_to_channel(groups=…)."
    )


async def make_channel(layer: Any) -> str:
    """Make a channel of `layer`, and leave none behind where that fails.

    The pub/sub layer notes a channel before Redis has answered, and keeps it if Redis does not.
    """
    if not _is_pubsub(layer):
        return str(await layer.new_channel())
    name = name_channel(layer)
    try:
        await layer._get_shard(name).subscribe(name)
    except BaseException:
        layer.channels.pop(name, None)
        raise
    return name


async def confirm_memberships(layer: Any, groups: Collection[str]) -> None:
    """Wait until Redis has a process among those to whom it publishes what is sent to `groups`.

    The pub/sub layer sends a SUBSCRIBE and does not wait for its answer, so that what another
    connection publishes a moment later may be missed. Redis answers the commands of one connection
    in order: a channel that is subscribed to afterwards hears of itself only when they are done.
    """
    if not _is_pubsub(layer):
        return
    shards = {layer._get_shard(layer._get_group_channel_name(group)) for group in groups}
    while shards:
        name = f"{layer.prefix}specific.{uuid4().hex}"
        shard = layer._get_shard(name)
        if shard not in shards:
            continue
        shards.discard(shard)
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        layer.channels[name] = heard
        try:
            await shard.subscribe(name)
            await shard.publish(name, b"")
            await heard.get()
        finally:
            del layer.channels[name]
            await shard.unsubscribe(name)


def enrol_channel(layer: Any, name: str) -> None:
    """Have `layer.receive(name)`, which must follow at once, subscribe to a channel of that name.

    The pub/sub layer does so where it does not know the channel.
    """
    if _is_pubsub(layer):
        layer.channels.pop(name, None)


def _is_pubsub(layer: Any) -> bool:
    return _is_of(layer, "channels_redis.pubsub")
