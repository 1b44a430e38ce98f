"""Listening on a channel layer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer, get_channel_layer
from redis import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from strawberry_django.realtime.exceptions import ChannelLayerError, ListenerOverflowError
from strawberry_django.realtime.pubsub import listener as listener_module
from strawberry_django.realtime.pubsub.listener import ChannelListener
from strawberry_django.realtime.pubsub.messages import Messages
from strawberry_django.realtime.threads import OperationThread
from tests.support import SECONDS, until
from tools.harness.redis import RedisServer


@pytest.fixture
async def listener(channel_layer: Any) -> AsyncIterator[ChannelListener]:
    listener = ChannelListener("default", 10)
    yield listener
    await listener.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


def layer() -> Any:
    return get_channel_layer()


def message(text: str, type: str = "test.message") -> dict[str, Any]:
    return {"type": type, "text": text}


async def next_text(messages: Any) -> str:
    received = await asyncio.wait_for(anext(messages), SECONDS)
    text: str = received["text"]
    return text


async def test_each_hears_its_own_groups_and_its_own_type(
    channel_layer: Any, listener: Any
) -> None:
    async with (
        listener.listen("test.message", groups=["a", "b"]) as both,
        listener.listen("test.message", groups=["b"]) as second,
        listener.listen("other", groups=["a", "b"]) as third,
    ):
        await channel_layer.group_send("a", message("to a"))
        await channel_layer.group_send("a", message("of another type", "other"))
        await channel_layer.group_send("b", message("to b"))
        assert [await next_text(both) for _ in range(2)] == ["to a", "to b"]
        assert await next_text(second) == "to b"
        assert await next_text(third) == "of another type"
        for messages in (both, second, third):
            assert not texts(messages)


async def test_nothing_is_left_of_who_has_listened(channel_layer: Any, listener: Any) -> None:
    async with listener.listen("test.message", groups=["a"]) as messages:
        async with listener.listen("test.message", groups=["a", "b"]):
            assert {name: len(members) for name, members in channel_layer.groups.items()} == {
                "a": 2,
                "b": 1,
            }
        assert list(channel_layer.groups) == ["a"]
        assert len(asyncio.all_tasks()) == 3  # This one, what receives, and what is a member.
        await channel_layer.group_send("a", message("still here"))
        assert await next_text(messages) == "still here"
    assert channel_layer.groups == {}
    assert channel_layer.channels == {}
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_who_still_listens_is_ended_with_the_consumer(channel_layer: Any) -> None:
    listener = ChannelListener("default", 10)
    async with listener.listen("test.message", groups=["a"]):
        await asyncio.wait_for(listener.aclose(), SECONDS)
        assert asyncio.all_tasks() == {asyncio.current_task()}
    assert channel_layer.groups == {}


class Reluctant(InMemoryChannelLayer):
    """A layer that loses the first cancellation, as channels_redis may, and is slow at the next."""

    lost = cleaned_up = False

    async def receive(self, channel: str) -> Any:
        try:
            return await super().receive(channel)
        except asyncio.CancelledError:
            if not self.lost:
                self.lost = True
                return await self.receive(channel)
            for _ in range(20):
                await asyncio.sleep(0)
            self.cleaned_up = True
            raise


async def test_a_receiver_that_goes_on_is_cancelled_again_in_good_time(settings: Any) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.Reluctant"}}
    listener = ChannelListener("default", 10)
    async with listener.listen("test.message", groups=["a"]):
        await asyncio.sleep(0)
        await asyncio.wait_for(listener.aclose(), 1)
    assert layer().cleaned_up


async def test_without_an_answer_the_iteration_ends_at_the_timeout(listener: Any) -> None:
    async with listener.listen("test.message", timeout=0.01, groups=["a"]) as messages:
        assert [each async for each in messages] == []


async def test_the_timeout_is_for_each_message(channel_layer: Any, listener: Any) -> None:
    texts = []
    async with listener.listen("test.message", timeout=0.1, groups=["a"]) as messages:
        await channel_layer.group_send("a", message("0"))
        async for each in messages:
            texts.append(each["text"])
            if len(texts) < 3:
                await channel_layer.group_send("a", message(str(len(texts))))
    assert texts == ["0", "1", "2"]


async def test_a_waiting_subscription_holds_no_thread(listener: Any) -> None:
    async with OperationThread(), listener.listen("test.message", groups=["a"]) as messages:
        thread = await sync_to_async(threading.current_thread)()
        waiting = asyncio.create_task(next_text(messages))
        await until(lambda: not thread.is_alive())
        await layer().group_send("a", message("awake"))
        assert await waiting == "awake"


async def test_a_layer_that_is_not_configured_is_an_error_that_names_the_setting(
    settings: Any,
) -> None:
    settings.CHANNEL_LAYERS = {}
    listener = ChannelListener("default", 10)
    with pytest.raises(ChannelLayerError, match="CHANNEL_LAYERS has no 'default' layer"):
        async with listener.listen("test.message", groups=["a"]):
            pass


def texts(messages: Messages) -> list[str]:
    return [each["text"] for each in messages._waiting]


async def test_a_full_subscription_gets_what_waits_and_then_an_error() -> None:
    messages = Messages("test.message", None, 2)
    for number in range(5):
        messages.put(message(str(number)))
    assert [await next_text(messages) for _ in range(2)] == ["0", "1"]
    with pytest.raises(ListenerOverflowError, match=r"2 'test\.message' messages"):
        await next_text(messages)
    messages.put(message("too late"))
    with pytest.raises(ListenerOverflowError):
        await next_text(messages)


async def test_a_full_subscription_may_lose_the_oldest() -> None:
    messages = Messages("test.message", None, 2, "drop_oldest")
    for number in range(5):
        messages.put(message(str(number)))
    assert [await next_text(messages) for _ in range(2)] == ["3", "4"]


async def test_a_full_subscription_may_keep_the_newest_only() -> None:
    messages = Messages("test.message", None, 2, "latest")
    for number in range(4):
        messages.put(message(str(number)))
    assert texts(messages) == ["2", "3"]
    messages.put(message("4"))
    assert await next_text(messages) == "4"


@pytest.mark.parametrize("timeout", [None, 5])
@pytest.mark.parametrize("turns", range(6))
async def test_a_cancellation_is_not_lost_when_a_message_comes_with_it(
    timeout: float | None, turns: int
) -> None:
    messages = Messages("test.message", timeout, 2)
    waiting = asyncio.create_task(messages.__anext__())
    for _ in range(5):
        await asyncio.sleep(0)
    messages.put(message("just now"))
    for _ in range(turns):
        await asyncio.sleep(0)
    asked = waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled() is asked


async def test_what_overflows_in_one_subscription_does_not_harm_another(
    channel_layer: Any,
) -> None:
    listener = ChannelListener("default", 1, "close")
    async with (
        listener.listen("test.message", groups=["a"]) as slow,
        listener.listen("test.message", groups=["a"]) as fast,
    ):
        for number in range(3):
            await channel_layer.group_send("a", message(str(number)))
            assert await next_text(fast) == str(number)
        assert await next_text(slow) == "0"
        with pytest.raises(ListenerOverflowError):
            await next_text(slow)
    await listener.aclose()


@pytest.fixture
def redis_layer(redis: RedisServer, settings: Any) -> RedisServer:
    """A real Redis as the channel layer; a lost connection is told at once."""
    address = {"address": redis.url, "socket_timeout": 15, "retry": Retry(NoBackoff(), 1)}
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [address]},
        }
    }
    return redis


@contextlib.asynccontextmanager
async def redis_listener() -> AsyncIterator[ChannelListener]:
    listener = ChannelListener("default", 10)
    yield listener
    await listener.aclose()
    await layer().close_pools()


async def test_over_redis_by_publish_and_subscribe(redis: RedisServer, settings: Any) -> None:
    backend = "channels_redis.pubsub.RedisPubSubChannelLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [redis.url]}}}
    listener = ChannelListener("default", 10)
    async with (
        listener.listen("test.message", groups=["a"]) as first,
        listener.listen("test.message", groups=["b"]) as second,
    ):
        for group in ("a", "b"):
            await layer().group_send(group, message(f"to {group}"))
        assert await next_text(first) == "to a"
        assert await next_text(second) == "to b"
    redis.stop()
    for _ in range(2):
        with pytest.raises(ChannelLayerError, match="Subscribe again"):
            async with listener.listen("test.message", groups=["a"]):
                pass
    await listener.aclose()
    assert (layer().groups, layer().channels) == ({}, {})
    await layer().flush()
    redis.start()


@pytest.mark.parametrize("turns", range(12))
async def test_it_can_be_closed_at_any_moment_after_a_message(
    redis_layer: RedisServer, turns: int
) -> None:
    async with redis_listener() as listener, contextlib.AsyncExitStack() as stack:
        messages = await stack.enter_async_context(listener.listen("test.message", groups=["a"]))
        await layer().group_send("a", message("just before the end"))
        assert await next_text(messages) == "just before the end"
        for _ in range(turns):
            await asyncio.sleep(0)
        await asyncio.wait_for(stack.aclose(), SECONDS)


async def test_when_redis_dies_each_subscription_is_told_and_may_listen_again(
    redis_layer: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        redis_listener() as listener,
        listener.listen("test.message", groups=["a"]) as first,
        listener.listen("other", groups=["b"]) as second,
    ):
        redis_layer.stop()
        for messages in (first, second):
            with pytest.raises(ChannelLayerError, match="Subscribe again"):
                await next_text(messages)
        with pytest.raises(ChannelLayerError, match="Subscribe again"):
            async with listener.listen("test.message", groups=["a"]):
                pass
        redis_layer.start()
        async with listener.listen("test.message", groups=["a"]) as third:
            await layer().group_send("a", message("again"))
            assert await next_text(third) == "again"
    assert all(record.exc_info is None for record in caplog.records)


async def test_who_failed_before_does_not_take_the_group_from_who_listens_now(
    redis_layer: RedisServer,
) -> None:
    async with redis_listener() as listener, contextlib.AsyncExitStack() as failed:
        messages = await failed.enter_async_context(listener.listen("test.message", groups=["a"]))
        redis_layer.stop()
        with pytest.raises(ChannelLayerError):
            await next_text(messages)
        redis_layer.start()
        async with listener.listen("test.message", groups=["a"]) as later:
            await failed.aclose()
            await layer().group_send("a", message("for the later one"))
            assert await next_text(later) == "for the later one"


async def test_a_group_that_cannot_be_left_is_logged_and_no_more(
    redis_layer: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with redis_listener() as listener, listener.listen("test.message", groups=["a"]):
        redis_layer.stop()
    assert any("Could not leave the group 'a'" in each.message for each in caplog.records)
    redis_layer.start()


@pytest.fixture(params=["core.RedisChannelLayer", "pubsub.RedisPubSubChannelLayer"])
def either_layer(request: pytest.FixtureRequest, redis: RedisServer, settings: Any) -> RedisServer:
    """A real Redis under each of its layers."""
    host = {"address": redis.url, "socket_timeout": 15}
    layer = {"BACKEND": f"channels_redis.{request.param}", "CONFIG": {"hosts": [host]}}
    settings.CHANNEL_LAYERS = {"default": layer}
    return redis


def members() -> int:
    """How many subscriptions still ask their layer for something."""
    return sum("Membership" in repr(task.get_coro()) for task in asyncio.all_tasks())


async def test_too_few_connections_are_told_in_words_that_help(
    redis_layer: RedisServer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    host = {"address": redis_layer.url, "socket_timeout": 15, "max_connections": 1}
    settings.CHANNEL_LAYERS["default"]["CONFIG"] = {"hosts": [host]}
    async with redis_listener() as listener:
        with pytest.raises(ChannelLayerError, match="too many connections"):
            async with listener.listen("test.message", groups=["a", "b"]) as messages:
                await next_text(messages)
    assert "a higher max_connections" in caplog.text


async def test_nobody_waits_long_for_a_redis_that_hangs(
    redis_layer: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pub/sub layer does not wait for an answer when it subscribes."""
    monkeypatch.setattr(listener_module, "_JOINED_WITHIN", 0.1)
    with Redis.from_url(redis_layer.url) as client:
        pid = client.info("server")["process_id"]
    listener = ChannelListener("default", 10)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(listener.listen("test.message", groups=["a", "b"]))
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(ChannelLayerError, match="does not answer"):
                async with listener.listen("test.message", groups=["b"]):
                    pass
            await asyncio.wait_for(stack.aclose(), SECONDS)
            assert members()
        finally:
            os.kill(pid, signal.SIGCONT)
    await until(lambda: not members())  # They were asked to the end.
    assert not await layer().connection(0).keys("asgi:group:*")
    assert not layer().receive_buffer
    await layer().close_pools()


async def test_what_cannot_be_decoded_is_dropped_and_logged_once(
    either_layer: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    listener = ChannelListener("default", 10)
    async with (
        listener.listen("test.message", groups=["a"]) as first,
        listener.listen("test.message", groups=["a"]) as second,
        listener.listen("test.message", groups=["b"]) as third,
    ):
        for _ in range(3):
            await layer().group_send("a", {"type": "test.message", 1: "an integer key"})
        for group in ("a", "b"):
            await layer().group_send(group, message(f"to {group}"))
        assert [await next_text(each) for each in (first, second, third)] == [
            "to a",
            "to a",
            "to b",
        ]
        for unknown in ({1}, Decimal(1), object()):
            with pytest.raises(TypeError, match="serialize"):
                await layer().group_send("a", {"type": "test.message", "value": unknown})
    dropped = [each.message for each in caplog.records if "cannot be decoded" in each.message]
    assert len(dropped) == 1
    assert "int is not allowed for map key" in dropped[0]
    assert "the groups a" in dropped[0] or "specific." in dropped[0]
    await listener.aclose()
    await layer().flush()
