"""Topics over every channel layer: who receives which event, in which order, and what is refused."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from strawberry_django.realtime import ListenerOverflowError, Topic
from strawberry_django.realtime.pubsub.feeds import Feeds
from tests.support import SECONDS, until
from tools.harness.redis import RedisServer

REDIS = {"pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer"}
REDIS["core"] = "channels_redis.core.RedisChannelLayer"
LAYERS = ["memory", *REDIS]
numbers = Topic("tests.numbers", int)


def use(name: str, settings: Any, request: Any) -> None:
    """Configure a layer."""
    config: dict[str, Any] = {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    if name in REDIS:
        server: RedisServer = request.getfixturevalue("redis")
        host = {"address": server.url, "socket_timeout": None}
        config = {"BACKEND": REDIS[name], "CONFIG": {"hosts": [host], "capacity": 1000}}
    settings.CHANNEL_LAYERS = {"default": config}


@pytest.fixture(params=LAYERS)
async def layer(request: Any, settings: Any) -> AsyncIterator[Any]:
    """Each layer; whatever a test does, no feed is left of it."""
    use(request.param, settings, request)
    yield request.param
    await until(lambda: Feeds.current()._feeds == {})


async def take(events: Any, count: int = 1) -> list[Any]:
    """Return the next events."""
    return [await asyncio.wait_for(anext(events), SECONDS) for _ in range(count)]


async def test_keys_say_who_receives(layer: str) -> None:
    async with (
        numbers.subscribe(room="1", mine=True) as one,
        numbers.subscribe(room=["1", "2"], mine=True) as both,
        numbers.subscribe() as none,
    ):
        await numbers.publish(1, room=1, mine=True)
        await numbers.publish(2, mine=True, room="2")
        await numbers.publish(3)
        await numbers.publish(4, room=1, mine="True")
        await numbers.publish(5, room=1, mine=True)
        assert await take(one, 2) == [1, 5]
        assert sorted(await take(both, 3)) == [1, 2, 5]
        assert await take(none) == [3]


async def test_an_end_comes_after_the_events_before_it(layer: str) -> None:
    async with numbers.subscribe(room=1) as events, numbers.subscribe(room=2) as others:
        for number in range(3):
            await numbers.publish(number, room=1)
        await numbers.end(room=1)
        await numbers.publish(7, room=2)
        assert [event async for event in events] == [0, 1, 2]
        assert await take(others) == [7]


@pytest.mark.parametrize("where", ["thread", "loop"])
async def test_synchronous_code_publishes_in_order(layer: str, where: str) -> None:
    def publish() -> None:
        for number in range(50):
            numbers.publish_sync(number)

    async with numbers.subscribe() as events:
        if where == "loop":
            publish()
            await numbers.publish(50)
        else:
            await asyncio.to_thread(publish)
            await asyncio.to_thread(publish)
        assert await take(events, 51) == [*range(50), 50 if where == "loop" else 0]


@pytest.mark.django_db(transaction=True)
async def test_an_event_on_commit(layer: str) -> None:
    names = Topic("tests.names", list[str])

    def change() -> None:
        for fails in (True, False):
            with contextlib.suppress(ValueError), transaction.atomic():
                User.objects.create(username=f"ada{fails}")
                names.publish_on_commit(sent := ["failed" if fails else "done"])
                sent.append("and later")
                names.publish_sync([f"before {User.objects.count()}"])
                if fails:
                    raise ValueError

    async with names.subscribe() as events:
        await asyncio.to_thread(change)
        assert await take(events, 3) == [["before 1"], ["before 1"], ["done"]]


@pytest.mark.parametrize(
    ("policy", "left"), [("drop_oldest", [3, 4]), ("latest", [4]), ("close", [0, 1])]
)
async def test_a_subscription_that_falls_behind(layer: str, policy: Any, left: list[int]) -> None:
    topic = Topic("tests.behind", int, slow_consumer=policy, capacity=2)
    async with topic.subscribe() as slow, numbers.subscribe() as quick:
        for number in range(5):
            await topic.publish(number)
        await numbers.publish(9)
        await take(quick)
        assert await take(slow, len(left)) == left
        if policy == "close":
            with pytest.raises(ListenerOverflowError, match="fell 2 'tests.behind' messages"):
                await take(slow)


class Subscriber:
    """A subscription in a task of its own, which notes what comes."""

    def __init__(self) -> None:
        self.joined = asyncio.Event()
        self.leaving = asyncio.Event()
        self.got: list[int] = []
        self.expected: list[int] = []
        self.task = asyncio.create_task(self.live())

    async def live(self) -> None:
        async with numbers.subscribe(room=1) as events:
            self.joined.set()
            reading = asyncio.create_task(self.read(events))
            try:
                await self.leaving.wait()
                await until(lambda: len(self.got) == len(self.expected))
            finally:
                reading.cancel()

    async def read(self, events: Any) -> None:
        async for event in events:
            self.got.append(event)

    async def leave(self) -> None:
        self.leaving.set()
        await self.task
        assert self.got == self.expected


async def play(steps: list[tuple[int, str]]) -> None:
    """Do as the steps say, and see that each subscriber has received what it should."""
    members: dict[int, Subscriber] = {}
    for number, (who, step) in enumerate(steps):
        member = members.get(who)
        if step == "turn":
            await asyncio.sleep(0)
        elif step == "publish":
            for each in members.values():
                if each.joined.is_set():
                    each.expected.append(number)
            await numbers.publish(number, room=1)
        elif step == "begin" and member is None:
            members[who] = Subscriber()
        elif step == "join":
            member = members.setdefault(who, member or Subscriber())
            await asyncio.wait_for(member.joined.wait(), SECONDS)
        elif step == "leave" and member is not None and member.joined.is_set():
            await members.pop(who).leave()
        elif step == "cancel" and member is not None:
            members.pop(who).task.cancel()
    for member in members.values():
        if member.joined.is_set():
            await member.leave()
        else:
            member.task.cancel()
    await until(lambda: Feeds.current()._feeds == {})


STEPS = ["begin", "join", "leave", "cancel", "publish", "turn"]


@pytest.mark.parametrize("name", ["memory", "pubsub"])
def test_joins_and_leaves_are_exact(name: str, settings: Any, request: Any) -> None:
    """Whoever has joined receives each event from then on, once and in order, until it leaves."""
    use(name, settings, request)

    @hypothesis(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(STEPS)), max_size=40))
    def run(steps: list[tuple[int, str]]) -> None:
        asyncio.run(play(steps))

    run()
