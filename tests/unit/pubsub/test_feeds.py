"""One subscription to the layer for each topic and key, and nothing left of it."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from strawberry_django.realtime import Topic
from strawberry_django.realtime.pubsub import feeds, member
from tests.support import until

numbers = Topic("tests.feeds.numbers", int)


class SlowLayer(InMemoryChannelLayer):
    """A layer that takes a channel into a group when it may."""

    may_add: asyncio.Event

    async def group_add(self, group: str, channel: str) -> None:
        await self.may_add.wait()
        await super().group_add(group, channel)


@pytest.fixture
async def slow(settings: Any) -> AsyncIterator[asyncio.Event]:
    SlowLayer.may_add = asyncio.Event()
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.SlowLayer"}}
    yield SlowLayer.may_add
    SlowLayer.may_add.set()


async def subscribed(**keys: Any) -> None:
    async with numbers.subscribe(**keys):
        await asyncio.Event().wait()


async def test_who_is_cancelled_while_it_joins_leaves_no_membership(slow: asyncio.Event) -> None:
    alive = set(member._alive)
    joining = [asyncio.create_task(subscribed(room=room)) for room in (1, [2, 3], 1)]
    await until(lambda: len(feeds.Feeds.current()._feeds) == 2)
    for task in joining:
        task.cancel()
    slow.set()
    await asyncio.wait(joining)
    await until(lambda: member._alive <= alive)
    assert feeds.Feeds.current()._feeds == {}


async def test_who_is_cancelled_again_while_it_leaves_leaves_all(slow: asyncio.Event) -> None:
    alive = set(member._alive)
    slow.set()
    task = asyncio.create_task(subscribed(room=[1, 2, 3]))
    await until(lambda: len(member._alive - alive) == 3)
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    await until(lambda: member._alive <= alive)
    assert feeds.Feeds.current()._feeds == {}


def test_nothing_is_kept_of_an_event_loop_that_has_ended(channel_layer: Any) -> None:
    async def subscribe() -> weakref.ref[asyncio.AbstractEventLoop]:
        with suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(subscribed(), 0)
        await asyncio.wait([asyncio.ensure_future(subscribed())], timeout=0)
        return weakref.ref(asyncio.get_running_loop())

    loop = asyncio.run(subscribe())
    gc.collect()
    assert loop() is None
