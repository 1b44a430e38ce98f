"""A subscription over HTTP ends when its user may not stay."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.test import Client

from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter, disconnect_user
from strawberry_django.realtime.auth.watch import SocketWatch
from strawberry_django.realtime.http.streams import _StreamEnd
from strawberry_django.realtime.limits import open_sockets
from tests.schema import schema, signals
from tests.support import Exchange, in_database, stream, until

SSE = "text/event-stream"
LISTEN = 'subscription { listen(groups: ["stream"], name: "stream") }'


async def rest(exchange: Exchange) -> None:
    """Read to the end of the stream."""
    while await exchange.chunk() is not None:
        pass
    await exchange.communicator.wait()


async def test_the_stream_of_a_disconnected_user_ends(
    ada: Any, ada_client: Client, channel_layer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema)
    signals["stream ended"].clear()
    async with stream(application, LISTEN, SSE, client=ada_client) as (answer, exchange):
        assert answer.status == 200
        await exchange.chunk_with("listening")
        with caplog.at_level(logging.INFO, "strawberry_django.realtime"):
            disconnect_user(ada)
            disconnect_user(ada)
            await rest(exchange)
    await until(signals["stream ended"].is_set)
    (said,) = [one.message for one in caplog.records if "stream" in one.message]
    assert said == "A stream was ended: The user was disconnected"


async def test_the_stream_of_nobody_goes_on(ada: Any, channel_layer: Any) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema)
    async with stream(application, LISTEN, SSE) as (_, exchange):
        await exchange.chunk_with("listening")
        disconnect_user(ada)
        await channel_layer.group_send("stream", {"type": "test.message", "text": "still there"})
        await exchange.chunk_with("still there")


@pytest.mark.parametrize("older", [True, False])
async def test_the_user_of_a_token_does_not_depend_on_a_session(
    older: bool, ada: Any, channel_layer: Any, django_user_model: Any
) -> None:
    grace = await django_user_model.objects.acreate(username="grace")
    user, who_is_logged_in = (ada, grace) if older else (grace, ada)
    browser = Client()
    await in_database(lambda: browser.force_login(who_is_logged_in))

    async def on_connect(context: Any) -> None:
        context.request.user = user

    application = AuthGraphQLProtocolTypeRouter(schema, on_connect=on_connect)
    async with stream(application, LISTEN, SSE, client=browser) as (_, exchange):
        await exchange.chunk_with("listening")
        await in_database(browser.logout)
        await channel_layer.group_send("stream", {"type": "test.message", "text": "still there"})
        await exchange.chunk_with("still there")
        disconnect_user(user)
        await rest(exchange)


async def test_a_stream_has_a_lifetime(channel_layer: Any) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema, max_lifetime=0.1)
    async with stream(application, LISTEN, SSE) as (_, exchange):
        await exchange.chunk_with("listening")
        await rest(exchange)


async def test_one_stream_too_many_is_429(channel_layer: Any, ada_client: Client) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema, max_sockets_per_user=1)
    async with (
        stream(application, LISTEN, SSE, client=ada_client) as (first, _),
        stream(application, LISTEN, SSE, client=ada_client) as (second, exchange),
    ):
        assert (first.status, second.status) == (200, 429)
        assert b"max_sockets_per_user" in (await exchange.chunk() or b"")
    async with stream(application, LISTEN, SSE, client=ada_client) as (third, _):
        assert third.status == 200
    assert open_sockets._open == {}


async def test_a_stream_is_never_idle(channel_layer: Any) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema, max_idle_time=0.1)
    started = time.monotonic()
    async with stream(application, LISTEN, SSE) as (_, exchange):
        await exchange.chunk_with("listening")
        await until(lambda: time.monotonic() - started > 0.3)
        await channel_layer.group_send("stream", {"type": "test.message", "text": "still there"})
        await exchange.chunk_with("still there")


@pytest.mark.parametrize("accept", [SSE, "multipart/mixed;subscriptionSpec=1.0"])
async def test_a_stream_of_many_events_does_not_hold_up_the_others(
    accept: str, channel_layer: Any
) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with stream(application, "subscription { count(to: 500) }", accept) as (_, exchange):
        await exchange.chunk()
        taking_turns = asyncio.create_task(other())
        await exchange.chunk_with("500")
        taking_turns.cancel()
    assert turns > 50


async def test_when_the_server_stops_an_answer_is_left_without_its_end(channel_layer: Any) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema)
    signals["stream ended"].clear()
    async with stream(application, LISTEN, SSE) as (_, exchange):
        await exchange.chunk_with("listening")
        await SocketWatch.current().close_all()
        assert signals["stream ended"].is_set()
        await until(exchange.communicator.future.done)
        assert exchange.communicator.output_queue.empty()


@pytest.mark.parametrize("code", [1000, 4401])
async def test_a_stream_that_is_closed_while_it_is_sent_ends_after_the_chunk(code: int) -> None:
    async def chunks() -> AsyncIterator[str]:
        yield "first"
        yield "second"

    end = _StreamEnd()
    sent = []
    async for chunk in end.before(chunks()):
        sent.append(chunk)
        await end.close(code, "logged out")
        await end.close(code, "once more")
    assert sent == ["first"]


async def test_who_waits_for_a_stream_that_is_closed_goes_on_uncancelled() -> None:
    waits = asyncio.Event()

    async def chunks() -> AsyncIterator[str]:
        waits.set()
        await asyncio.Event().wait()
        yield "never"

    async def read(end: _StreamEnd) -> int:
        assert [chunk async for chunk in end.before(chunks())] == []
        task: Any = asyncio.current_task()
        return task.cancelling() if sys.version_info >= (3, 11) else 0

    end = _StreamEnd()
    reading = asyncio.create_task(read(end))
    await waits.wait()
    await end.close(4401, "logged out")
    assert await reading == 0
