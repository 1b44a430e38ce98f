"""Telling every process that a user or a session has ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections, transaction
from django.http import HttpRequest
from django.test import Client

from strawberry_django.realtime import disconnect_user
from strawberry_django.realtime.auth import revocation
from strawberry_django.realtime.auth.revocation import (
    GROUP,
    MESSAGE_TYPE,
    session_digest,
)
from strawberry_django.realtime.auth.sessions import hear_of_deleted_sessions, open_session
from strawberry_django.realtime.auth.watch import SocketWatch
from strawberry_django.realtime.auth.watched import WatchedSocket
from strawberry_django.realtime.conf import DEFAULTS
from tests.support import until

Messages = list[dict[str, Any]]


@pytest.fixture
def told() -> Iterator[Messages]:
    """What this process was told."""
    messages: Messages = []

    def receive(message: dict[str, Any], by: Any) -> None:
        messages.append(message)

    revocation.connect_signals(session_auth=True)
    revocation.local_receivers.add(receive)
    yield messages
    revocation.local_receivers.discard(receive)


def of_user(user: Any, recheck: bool) -> Messages:
    return [{"type": MESSAGE_TYPE, "user": str(user.pk), "recheck": recheck}]


def test_the_key_of_a_session_is_told_to_nobody() -> None:
    assert session_digest("abc") == session_digest("abc") != session_digest("abd")
    assert "abc" not in session_digest("abc")


def test_the_other_processes_are_told_over_the_channel_layer(
    ada: Any, told: Messages, channel_layer: Any
) -> None:
    channel = async_to_sync(channel_layer.new_channel)()
    async_to_sync(channel_layer.group_add)(GROUP, channel)
    disconnect_user(ada)
    assert async_to_sync(channel_layer.receive)(channel) == told[0]


async def test_it_may_be_asked_for_in_asynchronous_code(told: Messages, channel_layer: Any) -> None:
    channel = await channel_layer.new_channel()
    await channel_layer.group_add(GROUP, channel)
    disconnect_user(1)
    assert told == [{"type": MESSAGE_TYPE, "user": "1", "recheck": False}]
    assert await asyncio.wait_for(channel_layer.receive(channel), 5) == told[0]
    await until(lambda: not revocation._sending)


def test_a_layer_that_cannot_be_made_does_not_keep_a_user_from_being_saved(
    ada: Any, told: Messages, settings: Any
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "nowhere.Layer"}}
    ada.save()
    assert told == of_user(ada, recheck=True)


def test_inside_a_transaction_it_happens_at_the_commit(ada: Any, told: Messages) -> None:
    with transaction.atomic():
        disconnect_user(ada)
        assert told == []
    assert told == of_user(ada, recheck=False)


def test_what_is_rolled_back_has_not_happened(ada: Any, told: Messages) -> None:
    with transaction.atomic():
        ada.is_active = False
        ada.save()
        transaction.set_rollback(True)
    assert told == []


@pytest.fixture
def other_database(django_db_setup: None, django_db_blocker: Any, tmp_path: Path) -> Iterator[str]:
    """A second database, with a table of users."""
    connections.databases["other"] = {
        **connections["default"].settings_dict,
        "NAME": tmp_path / "other.sqlite3",
    }
    with django_db_blocker.unblock():
        with connections["other"].schema_editor() as editor:
            editor.create_model(get_user_model())
        yield "other"
        connections.close_all()
    del connections["other"], connections.databases["other"]


@pytest.mark.parametrize(
    ("act", "recheck"), [(lambda user: user.save(), True), (disconnect_user, False)]
)
def test_a_user_in_a_second_database_is_told_after_its_commit(
    other_database: str, told: Messages, act: Callable[[Any], None], recheck: bool
) -> None:
    grace = get_user_model().objects.using(other_database).create(username="grace")
    with transaction.atomic(using=other_database):
        act(grace)
        transaction.set_rollback(True, using=other_database)
    assert told == []
    with transaction.atomic():
        with transaction.atomic(using=other_database):
            act(grace)
            assert told == []
        assert told == of_user(grace, recheck=recheck)


def test_an_event_loop_closed_with_a_socket_open_is_forgotten(ada: Any, settings: Any) -> None:
    settings.CHANNEL_LAYERS = {}
    before = set(revocation.local_receivers)
    writer: Any = SimpleNamespace()
    loop = asyncio.new_event_loop()

    async def open_socket() -> AbstractAsyncContextManager[None]:
        watching = SocketWatch.current().watching(WatchedSocket(writer, DEFAULTS))
        await watching.__aenter__()
        return watching

    watching = loop.run_until_complete(open_socket())
    loop.close()
    assert len(revocation.local_receivers) == len(before) + 1
    for _ in range(2):
        ada.save()
    assert revocation.local_receivers == before
    del watching


def test_a_logout_tells_of_the_session(ada_client: Client, told: Messages) -> None:
    key = ada_client.cookies["sessionid"].value
    ada_client.logout()
    hear_of_deleted_sessions()  # Who has heard of it from the database is told twice.
    assert told[0] == told[-1] == {"type": MESSAGE_TYPE, "session": session_digest(key)}


@pytest.mark.usefixtures("transactional_db")
def test_a_logout_without_a_session_tells_nothing(told: Messages) -> None:
    user_logged_out.send(sender=None, request=None, user=None)
    request = HttpRequest()
    user_logged_out.send(sender=None, request=request, user=None)
    request.session = SessionStore()
    user_logged_out.send(sender=None, request=request, user=None)
    assert told == []


@pytest.mark.parametrize(
    ("fields", "is_told"),
    [
        (None, True),
        (["is_active"], True),
        (["password", "email"], True),
        (["last_login"], False),
        (["email"], False),
    ],
)
def test_a_saved_user_is_looked_at_again_where_it_matters(
    ada: Any, told: Messages, fields: list[str] | None, is_told: bool
) -> None:
    ada.save(update_fields=fields)
    assert told == (of_user(ada, recheck=True) if is_told else [])


@pytest.mark.usefixtures("transactional_db")
def test_a_new_user_has_nothing_to_end(told: Messages) -> None:
    get_user_model().objects.create_user("grace")
    assert told == []


def test_a_deleted_user_is_disconnected(ada: Any, told: Messages) -> None:
    expected = of_user(ada, recheck=False)
    ada.delete()
    assert told == expected


def test_without_a_channel_layer_this_process_is_told(
    ada: Any, settings: Any, told: Messages
) -> None:
    settings.CHANNEL_LAYERS = {}
    assert get_channel_layer() is None
    disconnect_user(ada)
    assert len(told) == 1


@pytest.mark.parametrize("engine", ["db", "cached_db", "cache", "file"])
@pytest.mark.parametrize("websocket", [False, True])
def test_a_session_that_is_flushed_is_told_wherever_it_is_kept(
    engine: str, websocket: bool, told: Messages, ada: Any, settings: Any
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    request = HttpRequest()
    open_session(request, websocket=websocket)
    request.session["basket"] = 1
    request.session.save()
    key = request.session.session_key
    request.session.flush()
    assert {"type": MESSAGE_TYPE, "session": session_digest(key or "")} in told


def test_channels_tells_neither_which_session_ends_nor_when(ada: Any, told: Messages) -> None:
    user_logged_out.send(sender=None, request=None, user=ada)
    assert told == [{**of_user(ada, recheck=True)[0], "soon": True}]


def test_clearing_expired_sessions_tells_nobody(told: Messages, ada: Any) -> None:
    hear_of_deleted_sessions()
    store = SessionStore()
    store.set_expiry(-1)
    store.save()
    store.clear_expired()
    assert told == []


def test_a_channel_layer_that_is_down_is_logged_and_no_more(
    ada: Any, settings: Any, told: Messages, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = {"address": "redis://127.0.0.1:1", "socket_connect_timeout": 1}
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [nowhere]},
        }
    }
    disconnect_user(ada)
    assert len(told) == 1
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    assert record.message.startswith("Other processes were not told of a revocation: ")
