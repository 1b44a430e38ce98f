"""What publishers meet when the channel layer hangs: a bound, however many they are."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from strawberry_django.realtime import ChannelLayerError, Topic
from strawberry_django.realtime.pubsub import outbox
from tests.support import until

numbers = Topic("tests.outbox.numbers", int)
asked: list[Any] = []


class HangingLayer(InMemoryChannelLayer):
    """A layer that never answers."""

    async def group_send(self, group: str, message: Any) -> None:
        asked.append(message["data"])
        await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def hanging(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.HangingLayer"}}
    monkeypatch.setattr(outbox, "SENT_WITHIN", 0.2)
    monkeypatch.setattr(outbox, "_threads", outbox._Threads())
    asked.clear()
    yield
    if outbox._threads._loop is not None:
        outbox._threads._loop.close()


def test_threads_do_not_wait_for_a_layer_that_hangs_one_after_the_other() -> None:
    errors: list[Exception] = []

    def publish() -> None:
        try:
            numbers.publish_sync(1)
        except ChannelLayerError as error:
            errors.append(error)

    threads = [threading.Thread(target=publish) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 10
    assert len(asked) == 1


async def test_what_waits_in_a_loop_for_a_layer_that_hangs_is_given_up_together(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5):
        numbers.publish_sync(number)
    with pytest.raises(ChannelLayerError):
        await numbers.publish(5)
    assert asked == ["0"]
    await until(lambda: "were not sent (5)" in caplog.text)
    monkeypatch.setattr(outbox, "_MOST_WAITING", 2)
    numbers.publish_sync(6)
    numbers.publish_sync(7)
    with pytest.raises(ChannelLayerError):
        numbers.publish_sync(8)
