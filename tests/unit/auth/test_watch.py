"""One process's look at its open sockets."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any

import pytest
import strawberry
from channels.layers import get_channel_layer
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.models import Session
from django.test import Client
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from strawberry_django.realtime import disconnect_user
from strawberry_django.realtime.auth import watch
from strawberry_django.realtime.auth.revocation import GROUP, MESSAGE_TYPE, session_digest
from strawberry_django.realtime.auth.watch import SocketWatch
from strawberry_django.realtime.auth.watched import WatchedSocket
from strawberry_django.realtime.conf import DEFAULTS
from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer
from tests.schema import Query, schema, signals
from tests.support import in_database, until
from tests.support_websocket import Socket, connect
from tools.harness.redis import RedisServer

HELLO = "{ hello }"
LISTEN = 'subscription { listen(groups: ["a"]) }'


def consumer(**options: Any) -> Any:
    return GraphQLWSConsumer.as_asgi(schema=schema, session_auth=True, **options)


application = consumer()


async def lives(socket: Socket, id: str = "1") -> bool:
    return bool((await socket.result(id, HELLO))["data"])


# The clock.


async def test_a_client_is_not_pinged_before_it_has_begun_nor_without_an_interval() -> None:
    for options, init in (({"ping_interval": 0.02}, False), ({"ping_interval": None}, True)):
        async with connect(consumer(**options, pong_timeout=0.02), init=init) as socket:
            assert await socket.communicator.receive_nothing(0.1)


async def test_a_socket_with_an_operation_is_not_idle(channel_layer: Any) -> None:
    async with connect(consumer(max_idle_time=0.1)) as socket:
        await socket.subscribe("1", LISTEN)
        await socket.receive()
        assert await socket.communicator.receive_nothing(0.3)
        await socket.send({"id": "1", "type": "complete"})
        assert (await socket.closed())[0] == 4408


# Looking again at who it is.

often = consumer(session_revalidate_interval=0.04)


def deactivate() -> None:
    get_user_model().objects.update(is_active=False)


def delete_user() -> None:
    users = get_user_model().objects.all()
    users._raw_delete(users.db)


@pytest.mark.parametrize("change", [deactivate, delete_user])
async def test_a_user_with_a_token_is_looked_at_as_well(
    change: Callable[[], None], ada: Any, channel_layer: Any
) -> None:
    async def authenticate(context: Any) -> None:
        context.request.user = ada

    with_token = consumer(session_revalidate_interval=0.04, on_connect=authenticate)
    async with connect(with_token) as socket:
        assert await lives(socket)
        assert await socket.communicator.receive_nothing(0.1)
        await in_database(change)
        assert await socket.closed() == (4401, "The session has ended")


async def test_when_nobody_can_be_looked_at_the_sockets_stay(
    ada_client: Client, channel_layer: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with connect(often, client=ada_client) as socket:
        settings.SESSION_ENGINE = "tests.no_such_engine"
        await until(lambda: caplog.records)
        assert await lives(socket)
    assert caplog.records[0].message.startswith("Open sockets could not be revalidated: ")
    assert caplog.records[0].exc_info is None


async def test_an_operation_is_refused_while_nobody_can_tell_who_starts_it(
    ada_client: Client, channel_layer: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connect(application, client=ada_client) as socket:
        (watched,) = SocketWatch.current()._sockets
        watched.confirmed -= 60
        watched.revalidated -= 60
        engine, settings.SESSION_ENGINE = settings.SESSION_ENGINE, "tests.no_such_engine"
        for number in ("1", "2"):  # The second asks nobody.
            await socket.subscribe(number, HELLO)
            (refusal,) = (await socket.receive())["payload"]
            assert "cannot be checked now" in refusal["message"]
        settings.SESSION_ENGINE = engine
        watched.revalidated -= 60
        assert await lives(socket, "3")


class Directory(ModelBackend):
    """A directory that is out of order for one of its users."""

    broken: Any = None

    def get_user(self, user_id: Any) -> Any:
        if user_id == self.broken:
            raise ConnectionError
        return super().get_user(user_id)


async def test_a_backend_that_fails_for_one_user_refuses_no_other(
    ada: Any, channel_layer: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Directory"]
    clients = [Client(), Client()]
    grace = await in_database(lambda: get_user_model().objects.create_user("grace"))
    for user, client in zip((grace, ada), clients, strict=True):
        await in_database(partial(client.force_login, user))
    first, second = (connect(application, client=client) for client in clients)
    async with first as of_grace, second as of_ada:
        monkeypatch.setattr(Directory, "broken", grace.pk)
        sockets = SocketWatch.current()._sockets
        for watched in sockets:
            watched.confirmed -= 60
        SocketWatch.current()._look_at(sockets)
        assert await lives(of_ada)
        await of_grace.subscribe("1", HELLO)
        (refusal,) = (await of_grace.receive())["payload"]
        assert "cannot be checked now" in refusal["message"]


# What signals tell.


@pytest.mark.parametrize("synchronous", [True, False])
async def test_a_disconnected_user_is_closed_and_nobody_else(
    synchronous: bool, ada_client: Client, channel_layer: Any
) -> None:
    browsers, users = [ada_client, Client(), Client()], [await get_user_model().objects.aget()]
    for name, browser in (("grace", browsers[1]), ("alan", browsers[2])):
        users.append(await get_user_model().objects.acreate(username=name))
        await in_database(partial(browser.force_login, users[-1]))
    async with contextlib.AsyncExitStack() as stack:
        first, second, third, stranger = [
            await stack.enter_async_context(connect(application, client=browser))
            for browser in (*browsers, None)
        ]
        if synchronous:
            await in_database(lambda: disconnect_user(users[1]))
        else:
            disconnect_user(users[1].pk)
        assert await second.closed() == (4401, "The user was disconnected")
        for other in (first, third, stranger):
            assert await lives(other)


async def test_a_user_that_was_changed_is_looked_at_at_once(
    ada: Any, ada_client: Client, channel_layer: Any
) -> None:
    async with connect(application, client=ada_client) as socket:
        await in_database(ada.save)
        assert await lives(socket)
        ada.is_active = False
        await in_database(ada.save)
        assert await socket.closed() == (4401, "The session has ended")


# What other processes tell.


async def test_what_another_process_tells_is_heard(
    ada: Any, ada_client: Client, channel_layer: Any
) -> None:
    key = ada_client.cookies["sessionid"].value
    told: list[tuple[dict[str, Any], str]] = [
        ({"user": str(ada.pk), "recheck": False}, "The user was disconnected"),
        ({"session": session_digest(key)}, "Logged out"),
    ]
    for message, reason in told:
        async with connect(application, client=ada_client) as socket:
            await until(lambda: GROUP in channel_layer.groups)
            await channel_layer.group_send(GROUP, {"type": MESSAGE_TYPE, **message})
            assert await socket.closed() == (4401, reason)


async def test_without_a_channel_layer_this_process_is_watched(
    ada: Any, ada_client: Client, settings: Any
) -> None:
    settings.CHANNEL_LAYERS = {}
    async with connect(application, client=ada_client) as socket:
        disconnect_user(ada)
        assert (await socket.closed())[0] == 4401


async def test_the_group_is_joined_again_before_the_layer_forgets_it(
    channel_layer: Any,
) -> None:
    channel_layer.group_expiry = 1
    async with connect(application):
        await until(lambda: channel_layer.groups.get(GROUP))
        ((channel, joined),) = channel_layer.groups[GROUP].items()
        await until(lambda: channel_layer.groups[GROUP][channel] > joined)


def _not_hearing_for(seconds: str, caplog: pytest.LogCaptureFixture) -> bool:
    said = f"Not hearing of revocations for {seconds} s"
    return any(said in each.message for each in caplog.records)


async def test_after_a_failure_of_the_layer_the_users_are_looked_at_and_it_is_heard_again(
    ada: Any,
    ada_client: Client,
    redis: RedisServer,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(watch, "_RETRY", 0.05)
    address = {"address": redis.url, "socket_timeout": 15, "retry": Retry(NoBackoff(), 1)}
    backend = "channels_redis.core.RedisChannelLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [address]}}}
    layer: Any = get_channel_layer()
    other_browser = Client()
    await in_database(lambda: other_browser.force_login(ada))
    async with (
        connect(application, client=ada_client) as socket,
        connect(application, client=other_browser) as other,
    ):
        await heard(layer)
        redis.stop()
        rows = Session.objects.filter(pk=session_key(ada_client))
        await in_database(lambda: rows._raw_delete(rows.db))  # No signal tells of it.
        assert await socket.closed() == (4401, "The session has ended")
        for seconds in ("0.05", "0.1"):
            await until(partial(_not_hearing_for, seconds, caplog))
        redis.start()
        await heard(layer)
        message = {"type": MESSAGE_TYPE, "user": str(ada.pk), "recheck": False}
        await layer.group_send(GROUP, message)
        assert await other.closed() == (4401, "The user was disconnected")
    await layer.close_pools()


def session_key(client: Client) -> str:
    key: str = client.cookies["sessionid"].value
    return key


async def heard(layer: Any) -> None:
    """Wait until this process is a member of the group."""
    members = 0
    while not members:
        members = await layer.connection(0).zcard(layer._group_key(GROUP))


# The watch itself.


async def test_a_socket_is_closed_once_however_often_it_is_told(
    ada: Any, ada_client: Client, channel_layer: Any
) -> None:
    async with connect(application, client=ada_client) as socket:
        for _ in range(3):
            disconnect_user(ada)
        assert await socket.closed() == (4401, "The user was disconnected")
        assert socket.communicator.output_queue.empty()


# The end.


async def test_every_socket_is_closed_when_the_server_stops() -> None:
    listening = [f'subscription {{ listen(groups: ["{name}"], name: "{name}") }}' for name in "ab"]
    async with connect(application) as one, connect(application) as other:
        for socket, document in zip((one, other), listening, strict=True):
            await socket.subscribe("1", document)
            await socket.receive()
        started = time.monotonic()
        await SocketWatch.current().close_all()
        assert time.monotonic() - started > 0.09, "their last frames need some time to leave"
        for name, socket in zip("ab", (one, other), strict=True):
            assert signals[f"{name} ended"].is_set()
            assert await socket.closed() == (1012, "The server is restarting")


async def test_a_socket_that_does_not_end_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "_LAST_SOCKET", 0.05)
    released, ended = asyncio.Event(), asyncio.Event()

    @strawberry.type
    class Stubborn:
        @strawberry.subscription
        async def stays(self) -> AsyncGenerator[int, None]:
            try:
                yield 1
                await asyncio.Event().wait()
            finally:
                await released.wait()
                ended.set()

    schema = strawberry.Schema(Query, subscription=Stubborn)
    async with connect(GraphQLWSConsumer.as_asgi(schema=schema)) as socket:
        await socket.subscribe("1", "subscription { stays }")
        assert (await socket.receive())["type"] == "next"
        await asyncio.wait_for(SocketWatch.current().close_all(), 1)
        assert not ended.is_set()
        released.set()
        await ended.wait()


class Writer:
    async def close(self, code: int, reason: str = "") -> None:
        """Nobody is there to be told."""


def socket_of(user_key: int) -> WatchedSocket:
    return WatchedSocket(Writer(), DEFAULTS, user_key, confirmed=0, revalidated=0)


async def test_who_comes_as_the_last_one_leaves_is_still_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The look that the last one has asked for is cancelled: that of the next one must not be."""
    asked, answer = threading.Event(), threading.Event()

    def active_users(keys: Any) -> Any:
        asked.set()
        answer.wait(5)
        return keys

    monkeypatch.setattr(watch, "active_users", active_users)
    watching = SocketWatch(asyncio.get_running_loop())

    async def come_and_go() -> None:
        async with watching.watching(socket_of(1)):
            watching._look_at(watching._sockets)
            await until(asked.is_set)

    leaving = asyncio.create_task(come_and_go())
    await until(lambda: asked.is_set() and not watching._sockets)
    following = socket_of(2)
    async with watching.watching(following):
        confirmed = asyncio.create_task(watching.confirm(following))
        await until(lambda: following in watching._looks)
        answer.set()
        await confirmed
    await leaving
