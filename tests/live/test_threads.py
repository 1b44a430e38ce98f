"""What waits holds no thread: subscriptions that ask the database share a few."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from strawberry_django.realtime.conf import DEFAULTS
from tests.live.sites import Site

#: Twice as many as there may be threads.
SOCKETS = 2 * DEFAULTS["max_threads"]
#: What servers, Django and the interpreter have besides.
OTHERS = 16


def test_subscriptions_that_poll_share_the_threads_of_the_pool(site: Site) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(site.socket()) for _ in range(SOCKETS)]
        for socket in sockets:
            socket.init()
            socket.subscribe("1", "subscription { poll }")
        for _ in range(3):
            assert all("poll" in socket.next_message()["payload"]["data"] for socket in sockets)
        threads = len(list(Path(f"/proc/{site.server.process.pid}/task").iterdir()))
        assert threads <= DEFAULTS["max_threads"] + OTHERS
