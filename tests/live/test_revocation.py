"""Who may stay: a user or a session that has ended takes its sockets along, in every process."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from redis import Redis
from websockets.exceptions import ConnectionClosed

from tests.live.promises import expected, promise
from tests.live.sites import SECONDS, Site, Sites, Visitor, new_name, next_server, until
from tools.harness.clients import WebSocketClient
from tools.harness.redis import redis_server
from tools.harness.servers import SERVERS

BACKENDS = {
    "pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer",
    "core": "channels_redis.core.RedisChannelLayer",
}
LAYERS = tuple(BACKENDS)
STREAMS = ("text/event-stream", "multipart/mixed;subscriptionSpec=1.0")
INTERVAL = 0.5  # `session_revalidate_interval` of the endpoint "looked"

told = promise(
    "An open socket after log-out, deactivation, a new password or the user's deletion",
    does="closed with 4401 and a reason within 1 s, in every process, its subscriptions ended",
    setting="`CHANNEL_LAYERS`",
)
looked_for = promise(
    "An open socket after a change that no signal tells: an expired or deleted session, raw SQL",
    does="found at the next look, and closed with 4401",
    setting="`session_revalidate_interval` (30 s)",
)
cheap = promise(
    "Looking after thousands of sockets burdens the database",
    does="one query for all sessions of a process and one for each user, in an interval",
    setting="`session_revalidate_interval` (30 s)",
)
own_use = promise(
    "The project itself wants somebody out",
    does="`disconnect_user(user)` closes every socket of the user, in every process",
    setting="`disconnect_user`",
)


def log_out(site: Site, visitor: Visitor) -> None:
    client = site.client()
    client.cookies.update(visitor.client.cookies)
    site.act("leave", client)


CAUSES: dict[str, Callable[[Site, Visitor], object]] = {
    "log-out": log_out,
    "deactivated": lambda site, who: site.act("change", username=who.username, is_active=False),
    "new password": lambda site, who: site.act("set_password", username=who.username),
    "deleted": lambda site, who: site.act("delete_user", username=who.username),
}
SILENT: dict[str, Callable[[Site, Visitor], object]] = {
    "deactivated in silence": lambda site, who: site.act(
        "change_in_silence", username=who.username, is_active=False
    ),
    "session deleted": lambda site, who: site.act("delete_session_in_silence", key=who.session_key),
    "session expired": lambda site, who: site.act("expire_session", key=who.session_key),
}


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@contextmanager
def subscribed(site: Site, path: str, visitor: Visitor | None) -> Iterator[WebSocketClient]:
    """Open a socket with a subscription under way; its name is the subscription's id."""
    name = new_name("tick")
    with site.socket(path, visitor) as socket:
        socket.init()
        socket.subscribe(name, f'subscription {{ tick(name: "{name}") }}')
        assert socket.next_message()["type"] == "next"
        yield socket


def ended(socket: WebSocketClient) -> None:
    """See the socket closed with 4401."""
    end = time.monotonic() + SECONDS
    with contextlib.suppress(ConnectionClosed):
        while time.monotonic() < end:
            socket.next_message()
    assert socket.close_code == 4401


@told
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("cause", CAUSES)
def test_another_process_ends_the_socket_at_once(
    sites: Sites, server: str, layer: str, cause: str
) -> None:
    here, there = sites.get(server, layer), sites.get(next_server(server), layer)
    visitor = here.visitor()
    with subscribed(here, "/never-looked", visitor) as socket:
        name = socket.transcript[-1]["frame"]["id"]
        CAUSES[cause](there, visitor)
        ended(socket)
        # Daphne 4.2 sends no reasons.
        assert socket.close_reason or server == "daphne"
    until(lambda: not here.running(name))


@looked_for
@pytest.mark.parametrize("layer", LAYERS)
def test_redis_that_hangs_holds_up_nobody(sites: Sites, layer: str) -> None:
    """It is the Redis of the process that tells: its request ends, and others find out."""
    there = sites.get("uvicorn")
    with redis_server() as redis, ExitStack() as stack:
        config: dict[str, Any] = {"hosts": [{"address": redis.url, "socket_timeout": 60}]}
        layers = {"default": {"BACKEND": BACKENDS[layer], "CONFIG": config}}
        here = stack.enter_context(sites.another(layer=layer, CHANNEL_LAYERS=layers))
        here.act("publish", group="of-nobody", texts=["so that it is connected"])
        with Redis.from_url(redis.url) as client:
            pid = client.info("server")["process_id"]
        visitors = {cause: here.visitor() for cause in ("deactivated", "log-out")}
        sockets = {
            cause: stack.enter_context(subscribed(there, "/looked", visitor))
            for cause, visitor in visitors.items()
        }
        os.kill(pid, signal.SIGSTOP)
        try:
            for cause, visitor in visitors.items():
                CAUSES[cause](here, visitor)
                assert sockets[cause].wait_closed() == 4401
            here.act("disconnect", username=visitors["log-out"].username, times=20)
        finally:
            os.kill(pid, signal.SIGCONT)
        log = here.server.log()
    assert log.count("Other processes were not told of a revocation: TimeoutError()") >= 22


@told
@pytest.mark.parametrize("layer", LAYERS)
def test_messages_that_nobody_can_read_do_not_end_the_hearing(sites: Sites, layer: str) -> None:
    here, there = sites.get("uvicorn", layer), sites.get("hypercorn", layer)
    visitor = here.visitor()
    with subscribed(here, "/never-looked", visitor) as socket:
        before = here.server.log()
        there.act("confuse", group="strawberry_django_realtime.revocation")
        log_out(there, visitor)
        ended(socket)
    log = here.server.log().removeprefix(before)
    assert "A message about a revocation was dropped: KeyError('user')" in log
    assert "cannot be decoded: ValueError('int is not allowed" in log
    assert "Not hearing" not in log


@told
@pytest.mark.parametrize("cause", CAUSES)
@expected(
    "log-out", "After log-out, `is_active = False` or a new password an open socket is closed"
)
def test_the_same_process_ends_the_socket_at_once(uvicorn: Site, cause: str) -> None:
    visitor = uvicorn.visitor()
    with subscribed(uvicorn, "/never-looked", visitor) as socket:
        CAUSES[cause](uvicorn, visitor)
        ended(socket)


@told
@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("accept", STREAMS)
def test_a_stream_over_http_ends_as_a_socket_does(uvicorn: Site, cause: str, accept: str) -> None:
    visitor, name = uvicorn.visitor(), new_name("tick")
    operation = {"query": f'subscription {{ tick(name: "{name}") }}'}
    with visitor.client.stream(
        "POST", "/never-looked", json=operation, headers={"Accept": accept}
    ) as answer:
        chunks = answer.iter_text()
        next(chunk for chunk in chunks if "tick" in chunk)
        CAUSES[cause](uvicorn, visitor)
        end = time.monotonic() + SECONDS
        for _ in chunks:
            assert time.monotonic() < end, "the stream goes on"
    until(lambda: not uvicorn.running(name))


def test_the_others_stay(uvicorn: Site) -> None:
    """The user's other session, other users, and nobody in particular."""
    visitor, other = uvicorn.visitor(), uvicorn.visitor()
    elsewhere = Visitor(visitor.username, uvicorn.client())
    uvicorn.act("enter", elsewhere.client, username=visitor.username)
    with (
        subscribed(uvicorn, "/looked", visitor) as one,
        subscribed(uvicorn, "/looked", elsewhere) as first,
        subscribed(uvicorn, "/looked", other) as second,
        subscribed(uvicorn, "/looked", None) as third,
    ):
        since = time.monotonic()
        log_out(uvicorn, visitor)
        ended(one)
        for socket in (first, second, third):
            while time.monotonic() - since < 2 * INTERVAL:
                socket.next_message()
            socket.subscribe("1", "{ me }")
            while socket.next_message()["id"] != "1":
                pass


@looked_for
@pytest.mark.parametrize("cause", SILENT)
@expected(
    "deleted-session", "After its session was deleted from the database an open socket is closed"
)
def test_what_no_signal_tells_is_found_at_the_next_look(site: Site, cause: str) -> None:
    visitor = site.visitor()
    with subscribed(site, "/looked", visitor) as socket:
        SILENT[cause](site, visitor)
        ended(socket)


@looked_for
def test_a_session_that_runs_out_ends_its_socket(uvicorn: Site) -> None:
    visitor = uvicorn.visitor()
    uvicorn.act("enter", visitor.client, username=visitor.username, expiry=1)
    with subscribed(uvicorn, "/looked", visitor) as socket:
        ended(socket)


def start_operations(socket: WebSocketClient, until: float) -> None:
    """Start one operation after the other."""
    for number in itertools.count():
        socket.subscribe(str(number), "{ ping }")
        assert [socket.next_message()["type"] for _ in range(2)] == ["next", "complete"]
        assert time.monotonic() < until


@looked_for
@cheap
def test_a_new_operation_is_refused_soon_after_its_session_is_gone(
    sites: Sites, server: str
) -> None:
    here, there = sites.get(server), sites.get(next_server(server))
    visitor, other = here.visitor(), here.visitor()
    with (
        here.socket("/patient", visitor) as socket,  # It may send as many messages as it likes.
        here.socket("/patient", other) as idle,
    ):
        socket.init()
        idle.init()
        start, before = time.monotonic(), here.report()["queries"]
        SILENT["session deleted"](there, visitor)
        with pytest.raises(ConnectionClosed):
            start_operations(socket, start + SECONDS)
        assert socket.close_code == 4401
        looks = [query for query in here.queries(before) if "django_session" in query]
        assert 1 <= len(looks) <= 1 + time.monotonic() - start


@cheap
def test_a_look_is_one_query_for_all_sessions_and_one_for_each_user(uvicorn: Site) -> None:
    with ExitStack() as stack:
        visitors = [uvicorn.visitor() for _ in range(3)]
        for visitor in visitors * 5:
            stack.enter_context(uvicorn.socket("/looked", visitor)).init()
        start, before = time.monotonic(), uvicorn.report()["queries"]
        until(lambda: uvicorn.report()["queries"] >= before + 4 * (1 + len(visitors)))
        looks = (time.monotonic() - start) / INTERVAL + 1
        seen = uvicorn.queries(before)
    sessions = [query for query in seen if "django_session" in query]
    users = [query for query in seen if "auth_user" in query]
    # The clock is looked at four times in an interval; sockets that are due together share a look.
    assert len(sessions) <= 4 * looks
    assert len(sessions) + len(users) <= len(visitors) * 5 * looks


@own_use
@pytest.mark.parametrize("layer", LAYERS)
def test_the_project_may_disconnect_a_user(sites: Sites, layer: str) -> None:
    here, there = sites.get("uvicorn", layer), sites.get("hypercorn", layer)
    visitor, other = here.visitor(), here.visitor()
    with (
        subscribed(here, "/never-looked", visitor) as one,
        subscribed(there, "/never-looked", visitor) as two,
        subscribed(here, "/never-looked", other) as stays,
    ):
        here.act("disconnect", username=visitor.username)
        ended(one)
        ended(two)
        assert stays.next_message()["type"] == "next"
    with subscribed(here, "/never-looked", visitor) as again:
        assert again.next_message()["type"] == "next"
