"""The end of Daphne, of which it tells its applications nothing.

Ground: imports nothing of its siblings. Uvicorn and Hypercorn cancel what serves a socket when
they stop. Daphne means to, and fails over any connection that became a WebSocket (`KeyError` in
its `kill_all_applications`); so its clients would see a broken connection, and no `finally` runs.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any


def before_daphne_stops(
    loop: asyncio.AbstractEventLoop, last: Callable[[], Awaitable[None]]
) -> None:
    """Have Twisted's reactor await `last` before it shuts down, if `loop` is run by it."""
    reactor: Any = sys.modules.get("twisted.internet.reactor")
    if getattr(reactor, "_asyncioEventloop", None) is not loop:
        return
    from twisted.internet.defer import Deferred

    def stop() -> Deferred[None]:
        return Deferred.fromFuture(asyncio.ensure_future(last(), loop=loop))

    reactor.addSystemEventTrigger("before", "shutdown", stop)
