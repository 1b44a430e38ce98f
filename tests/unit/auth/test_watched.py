"""What the watch knows of a socket, and when it must look at it."""

from __future__ import annotations

from typing import Any

import pytest

from strawberry_django.realtime.auth.watched import WatchedSocket
from strawberry_django.realtime.conf import resolve_options


class Writer:
    """What can be closed."""

    async def close(self, code: int, reason: str = "") -> None:
        """Never called here."""


def watched(user_key: Any = None, **options: Any) -> WatchedSocket:
    socket = WatchedSocket(Writer(), resolve_options(options), user_key)
    socket.opened = socket.active = socket.revalidated = socket.pinged = 100.0
    return socket


async def ping() -> None:
    """Send a ping."""


def test_a_socket_is_idle_and_may_stay_for_ever_unless_limits_say_otherwise() -> None:
    socket = watched()
    assert socket.busy() is False
    assert socket.overdue(1e9) is None


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"max_lifetime": 10}, "Open for longer than max_lifetime (10 s)"),
        ({"max_idle_time": 10}, "Idle for longer than max_idle_time (10 s)"),
        ({"max_lifetime": 10, "max_idle_time": 5}, "Open for longer than max_lifetime (10 s)"),
    ],
)
def test_a_socket_that_has_lasted_long_enough(options: Any, reason: str) -> None:
    socket = watched(**options)
    assert socket.overdue(105.0) is None
    assert socket.overdue(110.1) == reason


def test_a_ping_that_is_not_answered() -> None:
    socket = watched()
    socket.pong_due = 130.0
    assert socket.overdue(129.0) is None
    assert socket.overdue(130.0) is None
    assert socket.overdue(130.1) == "A ping was not answered within pong_timeout"


def test_a_user_is_looked_at_again_at_the_interval() -> None:
    socket = watched("1", session_revalidate_interval=10)
    assert not socket.must_be_revalidated(105.0)
    assert not socket.must_be_revalidated(110.0)
    assert socket.must_be_revalidated(110.1)
    socket.revalidated = 3.0
    assert not socket.must_be_revalidated(13.0)
    assert socket.must_be_revalidated(17.0)


def test_a_stranger_is_not_looked_at_nor_is_anybody_without_an_interval() -> None:
    assert not watched(session_revalidate_interval=10).must_be_revalidated(1e9)
    assert not watched("1", session_revalidate_interval=None).must_be_revalidated(1e9)


def test_a_ping_is_sent_at_the_interval() -> None:
    socket = watched(ping_interval=10)
    socket.ping = ping
    assert not socket.must_be_pinged(105.0)
    assert not socket.must_be_pinged(110.0)
    assert socket.must_be_pinged(110.1)
    socket.pinged = 3.0
    assert not socket.must_be_pinged(13.0)
    assert socket.must_be_pinged(17.0)
    socket.pong_due = 140.0
    assert not socket.must_be_pinged(110.1)


def test_no_ping_is_sent_where_there_is_none_or_no_interval() -> None:
    assert not watched(ping_interval=10).must_be_pinged(1e9)
    socket = watched(ping_interval=None)
    socket.ping = ping
    assert not socket.must_be_pinged(1e9)


@pytest.mark.parametrize(
    ("options", "tick"),
    [
        ({}, 1),
        ({"max_lifetime": 0.4}, 0.1),
        ({"max_idle_time": 0.2, "max_lifetime": 0.4}, 0.05),
        ({"ping_interval": 0.4}, 0.1),
        ({"pong_timeout": 0.4}, 0.1),
        ({"session_revalidate_interval": 0.4}, 0.1),
        ({"session_revalidate_interval": None, "ping_interval": None}, 1),
        ({"session_revalidate_interval": None, "ping_interval": None, "pong_timeout": 0}, 1),
    ],
)
def test_the_clock_is_looked_at_often_enough_for_the_shortest_limit(
    options: Any, tick: float
) -> None:
    assert watched(**options).tick == pytest.approx(tick)
