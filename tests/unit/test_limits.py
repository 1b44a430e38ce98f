"""How fast a client may send, and how many sockets it may have open."""

from __future__ import annotations

import time

import pytest

from strawberry_django.realtime import limits
from strawberry_django.realtime.limits import OpenSockets, RateLimit, client_address


def test_without_a_rate_everything_is_allowed() -> None:
    limit = RateLimit(None)
    assert all(limit.allows() for _ in range(10_000))


def test_a_rate_of_nothing_allows_nothing() -> None:
    assert not RateLimit(0).allows()


@pytest.mark.parametrize("rate", [0.01, 0.5, 1, 5, 100])
def test_as_many_are_allowed_at_once_as_in_a_second(rate: float) -> None:
    limit = RateLimit(rate)
    started = time.monotonic()
    allowed = 0
    while limit.allows():
        allowed += 1
    most = max(rate, 1)
    assert most <= allowed <= most + rate * (time.monotonic() - started)


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits, "time", clock)
    return clock


@pytest.mark.parametrize(("seconds", "allowed"), [(0.25, 0), (0.5, 1), (0.75, 1), (1, 2), (9, 2)])
def test_a_second_brings_the_rate(clock: Clock, seconds: float, allowed: int) -> None:
    limit = RateLimit(2)
    assert [limit.allows() for _ in range(3)] == [True, True, False]
    clock.now += seconds
    assert [limit.allows() for _ in range(3)] == [number < allowed for number in range(3)]


def test_a_rate_below_one_saves_for_one_event_and_no_more(clock: Clock) -> None:
    limit = RateLimit(0.5)
    for seconds in (0, 60, 2, 2):
        clock.now += seconds
        assert [limit.allows() for _ in range(2)] == [True, False]


def test_sockets_are_counted_by_who_has_them() -> None:
    sockets = OpenSockets()
    with sockets.counted("ada", 2) as first, sockets.counted("ada", 2) as second:
        with sockets.counted("ada", 2) as third, sockets.counted("grace", 2) as other:
            assert [first, second, third, other] == [False, False, True, False]
        with sockets.counted("ada", 2) as again:
            assert again is True
    with sockets.counted("ada", 2) as later:
        assert later is False


def test_nobody_is_remembered_who_has_none_open() -> None:
    sockets = OpenSockets()
    with pytest.raises(ValueError, match="expected"), sockets.counted("ada", 1):
        raise ValueError("expected")
    assert sockets._open == {}


CLIENT, PROXY = "203.0.113.1", "10.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        (CLIENT, None, [], CLIENT),
        (CLIENT, "6.6.6.6", [PROXY], CLIENT),
        (PROXY, f"6.6.6.6, {CLIENT}", [], PROXY),
        (PROXY, f"6.6.6.6, {CLIENT}", [PROXY], CLIENT),
        (PROXY, f"6.6.6.6, {CLIENT}, 10.0.0.2", ["10.0.0.0/8"], CLIENT),
        (f"::ffff:{PROXY}", f"{CLIENT}:5000", [PROXY], CLIENT),
        (PROXY, f"{CLIENT}, unknown", [PROXY], PROXY),
        (PROXY, "", [PROXY], PROXY),
        (PROXY, None, [PROXY], PROXY),
        (PROXY, "10.0.0.2", ["10.0.0.0/8"], "10.0.0.2"),
        (PROXY, "[2001:db8:1:2:3::4]:5000", [PROXY], "2001:db8:1:2::/64"),
        ("2001:db8:1:2::5", None, [], "2001:db8:1:2::/64"),
        ("fe80::1%eth0", CLIENT, ["fe80::/10"], CLIENT),
        (None, CLIENT, [PROXY], None),
        (None, CLIENT, ["unix"], CLIENT),
        ("testclient", CLIENT, ["unix"], "testclient"),
    ],
)
def test_the_address_of_a_client(
    peer: str | None, forwarded: str | None, trusted: list[str], expected: str | None
) -> None:
    meta = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    given = {name: value for name, value in meta.items() if value is not None}
    assert client_address(given, trusted) == expected
