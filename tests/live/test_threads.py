"""What waits holds no thread: subscriptions that ask the database share a few."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from strawberry_django.realtime.conf import DEFAULTS
from tests.live.raw import RawSocket
from tests.live.sites import Site

#: Twice as many as there may be threads.
SOCKETS = 2 * DEFAULTS["max_threads"]
#: What servers, Django and the interpreter have besides.
OTHERS = 16


def threads(site: Site) -> int:
    return len(list(Path(f"/proc/{site.server.process.pid}/task").iterdir()))


def test_handshakes_with_any_cookie_share_them_too(site: Site) -> None:
    def come(number: int) -> int:
        with RawSocket(site, headers={"Cookie": f"sessionid=made-up-{number}"}):
            return threads(site)

    with ThreadPoolExecutor(SOCKETS) as visitors:
        most = max(visitors.map(come, range(4 * SOCKETS)))
    assert most <= DEFAULTS["max_threads"] + OTHERS


def test_subscriptions_that_poll_share_the_threads_of_the_pool(site: Site) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(site.socket()) for _ in range(SOCKETS)]
        for socket in sockets:
            socket.init()
            socket.subscribe("1", "subscription { poll }")
        for _ in range(3):
            assert all("poll" in socket.next_message()["payload"]["data"] for socket in sockets)
        assert threads(site) <= DEFAULTS["max_threads"] + OTHERS
