"""Topics that remember: what is read again, from where, and what is told when it cannot be."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer, get_channel_layer
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from redis import Redis
from strawberry.types import ExecutionResult

from strawberry_django.realtime import ChannelLayerError, EventsMissedError, History, Topic
from strawberry_django.realtime.pubsub import stream_feed
from strawberry_django.realtime.pubsub.feeds import Feeds
from strawberry_django.realtime.pubsub.listening import Listening, set_listening
from strawberry_django.realtime.pubsub.progress import Progress
from tests.support import SECONDS, until
from tests.unit.pubsub.test_topics import LAYERS, take, use
from tools.harness.redis import RedisServer

numbers = Topic("tests.history.numbers", int, history=History(seconds=60, events=1_000))


@pytest.fixture(params=LAYERS)
async def layer(request: Any, settings: Any) -> AsyncIterator[str]:
    """Each layer, empty; whatever a test does, no feed is left of it."""
    use(request.param, settings, request)
    if request.param != "memory":
        Redis.from_url(request.getfixturevalue("redis").url).flushall()
    yield request.param
    await until(lambda: Feeds.current()._feeds == {})


@pytest.fixture
def progress() -> Progress:
    """That of the running operation."""
    return Progress()


@pytest.fixture(autouse=True)
def listening(progress: Progress) -> Iterator[None]:
    set_listening(Listening(progress=progress))
    yield
    set_listening(Listening())


def position(progress: Progress) -> str:
    """Return what a result would say now."""
    result = ExecutionResult(data=None, errors=None)
    progress.note_on(result)
    assert result.extensions
    return str(result.extensions["position"])


async def test_who_falls_far_behind_misses_nothing(layer: str) -> None:
    assert layer
    wanted = list(range(800))
    topic = Topic(numbers.name, int, history=numbers.history, capacity=10)
    async with topic.subscribe() as slow, numbers.subscribe() as other:
        for number in wanted:
            await numbers.publish(number)
        assert await take(slow, 800) == await take(other, 800) == wanted


async def test_a_subscription_goes_on_after_a_position(layer: str, progress: Progress) -> None:
    assert layer
    async with numbers.subscribe(room=["a", "b"]) as events:
        await numbers.publish(1, room="a")
        await take(events)
        await numbers.publish(2, room="b")
        await take(events)
        seen = position(progress)
    await numbers.publish(3, room="b")
    await asyncio.to_thread(numbers.publish_sync, 4, room="a")
    async with numbers.subscribe(after=seen, room=["a", "b"]) as events:
        await numbers.publish(5, room="a")
        assert sorted(await take(events, 3)) == [3, 4, 5]
        assert position(progress) != seen
    async with numbers.subscribe(after=seen, room="b") as events:
        assert await take(events) == [3]


@pytest.mark.parametrize("after", ["x", "x:y:z", "0123456789ab:0:-1", "0123456789ab:0:1" * 2])
async def test_what_is_no_position_is_refused(after: str, channel_layer: Any) -> None:
    with pytest.raises(ValueError, match="is no position"):
        async with numbers.subscribe(after=after):
            pass


@pytest.mark.parametrize("why", ["too many", "too old", "another epoch", "went back"])
async def test_what_cannot_be_read_again_is_told(
    why: str, layer: str, progress: Progress, request: Any
) -> None:
    history = History(seconds=1 if why == "too old" else 60, events=3)
    topic = Topic(f"tests.history.{why}", int, history=history)
    async with topic.subscribe() as events:
        for number in range(4):
            await topic.publish(number)
        await take(events)
        seen = position(progress)
    if why == "too old":
        await asyncio.sleep(1.1)  # the time that a history has
    stream, epoch, _ = seen.split(":")
    if why == "another epoch":
        seen = f"{stream}:0:1"
    elif why == "went back":
        seen = f"{stream}:{epoch}:99"
    elif why == "too many":
        await topic.publish(4)
    with pytest.raises(EventsMissedError):
        async with topic.subscribe(after=seen) as events:
            await take(events)
    left = {"too many": [2, 3, 4], "too old": [], "another epoch": [1, 2, 3], "went back": []}
    async with topic.subscribe(after=seen, on_gap="extensions") as events:
        if not left[why]:
            await topic.publish(5)
        assert await take(events, len(left[why]) or 1) == (left[why] or [5])
        for told in (True, False):
            result = ExecutionResult(data=None, errors=None)
            progress.note_on(result)
            assert result.extensions
            assert ("missed" in result.extensions) == told


async def test_nothing_is_missed_where_nothing_has_happened(layer: str, progress: Progress) -> None:
    assert layer
    topic = Topic("tests.history.quiet", int, history=History(seconds=0.05))
    async with topic.subscribe() as events:
        await topic.publish(1)
        await take(events)
        seen = position(progress)
    await asyncio.sleep(0.1)  # the time that a history has
    async with topic.subscribe(after=seen) as events:
        await topic.publish(2)
        assert await take(events) == [2]


@pytest.mark.parametrize("kind", ["pubsub", "core"])
async def test_what_the_layer_loses_is_read(
    kind: str, settings: Any, request: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_feed, "_LOOK", 0.1)
    use(kind, settings, request)
    layer: Any = get_channel_layer()
    group_send = layer.group_send

    async def lose(group: str, message: Any) -> None:
        if message["data"] not in ("1", "2", "5"):
            await group_send(group, message)

    monkeypatch.setattr(layer, "group_send", lose)
    async with numbers.subscribe() as events:
        for number in range(6):
            await numbers.publish(number)
        assert await take(events, 6) == list(range(6))


@pytest.mark.parametrize("kind", ["pubsub", "core"])
async def test_a_subscription_outlives_redis(
    kind: str, settings: Any, request: Any, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its data it goes on; without, it is told."""
    monkeypatch.setattr(stream_feed, "_LOOK", 0.1)
    use(kind, settings, request)
    client = Redis.from_url(redis.url)
    async with numbers.subscribe() as events, numbers.subscribe(on_gap="extensions") as other:
        await numbers.publish(1)
        assert await take(events) == await take(other) == [1]
        client.client_kill_filter(_type="normal")
        client.client_kill_filter(_type="pubsub")
        await _publish(2)
        assert await take(events) == await take(other) == [2]
        redis.stop()
        with pytest.raises(ChannelLayerError):
            await numbers.publish(3)
        redis.start()
        await _publish(4)
        with pytest.raises(EventsMissedError):
            await take(events)
        assert await take(other) == [4]


async def _publish(number: int) -> None:
    """Publish as soon as Redis is there."""
    for _ in range(100):
        with contextlib.suppress(ChannelLayerError):
            await numbers.publish(number)
            return
        await asyncio.sleep(0.05)
    raise AssertionError("Redis is not there")


class ForeignLayer(InMemoryChannelLayer):
    """A layer that has no Redis."""


async def test_a_layer_that_keeps_nothing_is_an_error_that_says_what_to_do(
    settings: Any, redis: RedisServer
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.ForeignLayer"}}
    with pytest.raises(ChannelLayerError, match="redis_url"):
        await numbers.publish(1)
    topic = Topic("tests.history.url", int, history=History(redis_url=redis.url))
    async with topic.subscribe() as events:
        await topic.publish(1)
        assert await take(events) == [1]


@pytest.mark.parametrize("name", ["after", "on_gap"])
async def test_a_key_may_not_be_called_as_an_argument(name: str, channel_layer: Any) -> None:
    with pytest.raises(TypeError, match="call it otherwise"):
        await numbers.publish(1, **{name: 1})


STEPS = ("publish", "publish", "publish", "read", "leave", "come back", "burst")


@pytest.mark.parametrize("name", ["memory", "pubsub"])
def test_who_comes_and_goes_reads_all_in_order(name: str, settings: Any, request: Any) -> None:
    """Readers that come back after what they have read, in any order, miss and repeat nothing."""
    use(name, settings, request)

    @given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(STEPS)), max_size=40))
    @hypothesis(deadline=None, max_examples=60 if name == "memory" else 20)
    def play(steps: list[tuple[int, str]]) -> None:
        asyncio.run(_play(steps))

    play()


async def _play(steps: list[tuple[int, str]]) -> None:
    topic = Topic("tests.history.played", int, history=numbers.history, capacity=2)
    readers = [_Reader(topic) for _ in range(3)]
    published = 0
    async with contextlib.AsyncExitStack() as stack:
        for reader in readers:
            await reader.come_back()
            stack.push_async_callback(reader.leave)
        for number, step in steps:
            reader = readers[number]
            if step in ("publish", "burst"):
                for _ in range(1 if step == "publish" else 5):
                    await topic.publish(published)
                    published += 1
            elif step == "read" and len(reader.read) < published:
                await reader.take()
            elif step == "leave":
                await reader.leave()
            elif step == "come back":
                await reader.come_back()
        for reader in readers:
            while len(reader.read) < published:
                await reader.take()
            assert reader.read == list(range(published))


class _Reader:
    """Reads a topic, and goes on after what it has read."""

    def __init__(self, topic: Topic[int]) -> None:
        self.read: list[int] = []
        self._topic = topic
        self._after: str | None = None
        self._stack: contextlib.AsyncExitStack | None = None

    async def come_back(self) -> None:
        if self._stack is not None:
            return
        self._stack = contextlib.AsyncExitStack()
        self._progress = Progress()
        set_listening(Listening(progress=self._progress))
        subscribed = self._topic.subscribe(after=self._after)
        self._events = await self._stack.enter_async_context(subscribed)
        self._after = position(self._progress)

    async def take(self) -> None:
        await self.come_back()
        self.read.append(await asyncio.wait_for(anext(self._events), SECONDS))
        self._after = position(self._progress)

    async def leave(self) -> None:
        if self._stack is not None:
            await self._stack.aclose()
            self._stack = None


def test_a_history_that_keeps_nothing_is_refused() -> None:
    for wrong in ({"seconds": 0}, {"events": 0}):
        with pytest.raises(ValueError, match="keeps none"):
            History(**wrong)  # type: ignore[arg-type]
