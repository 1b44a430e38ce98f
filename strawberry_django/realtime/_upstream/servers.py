"""Of ASGI servers: Daphne with Twisted and Autobahn, and Uvicorn.

Ground: imports nothing of its siblings.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]


class _Room:
    """A producer as Twisted has it (`IPushProducer`): told when a connection's buffer is full."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._free.set()
        self.wait = self._free.wait

    def pauseProducing(self) -> None:  # noqa: N802
        self._free.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._free.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._free.set()


def waiting_send(send: Send) -> Send:
    """Return a `send` for a WebSocket that waits while the client does not read.

    Daphne's never waits: whatever is sent grows its buffer. Autobahn's connection behind it
    tells a producer when the buffer is full, and when it is empty again.
    """
    server = getattr(getattr(send, "func", None), "__self__", None)
    if not type(server).__module__.startswith("daphne."):
        return send
    (connection,) = send.args  # type: ignore[attr-defined]
    room = _Room()
    # Before the handshake the connection was HTTP's, whose channel is still its producer.
    connection.unregisterProducer()
    connection.registerProducer(room, streaming=True)

    async def send_and_wait(message: dict[str, Any]) -> None:
        await send(message)
        if message["type"] == "websocket.send":
            await room.wait()

    return send_and_wait


def sends_in_any_task(send: Send) -> bool:
    """Tell whether `send` may be begun in one task and, where it must wait, be finished in another.

    Those of Uvicorn and Daphne wait for an event, and know nothing of the task that does. Other
    servers may have a timeout or a task group around it, which belong to one task.
    """
    server = getattr(send, "__self__", None) or getattr(
        getattr(send, "func", None), "__self__", None
    )
    return type(server).__module__.startswith(("uvicorn.protocols.websockets.", "daphne."))


class Resumed(Awaitable[None]):
    """The rest of a coroutine that was begun by hand, and has met something to wait for.

    Args:
        coroutine: it.
        waits_for: what it has yielded, which asyncio's own futures mean to be waited for.
    """

    def __init__(self, coroutine: Any, waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        with suppress(StopIteration):
            while True:
                yield from self._go_on()

    def _go_on(self) -> Generator[Any, Any, None]:
        try:
            answer = yield self._waits_for
        except BaseException as error:
            self._waits_for = self._coroutine.throw(error)
        else:
            self._waits_for = self._coroutine.send(answer)


def refused_as_too_long(error: Exception) -> bool:
    """Tell whether Daphne raised `error` because a frame is longer than it sends."""
    autobahn = sys.modules.get("autobahn.exception")
    return autobahn is not None and isinstance(error, autobahn.PayloadExceededError)


def before_daphne_stops(
    loop: asyncio.AbstractEventLoop, last: Callable[[], Awaitable[None]]
) -> None:
    """Have Twisted's reactor await `last` before it shuts down, if `loop` is run by it.

    Uvicorn and Hypercorn cancel what serves a socket when they stop. Daphne means to, and
    fails over any connection that became a WebSocket (`KeyError` in its
    `kill_all_applications`); so its clients would see a broken connection.
    """
    reactor: Any = sys.modules.get("twisted.internet.reactor")
    if getattr(reactor, "_asyncioEventloop", None) is not loop:
        return
    from twisted.internet.defer import Deferred

    def stop() -> Deferred[None]:
        return Deferred.fromFuture(asyncio.ensure_future(last(), loop=loop))

    reactor.addSystemEventTrigger("before", "shutdown", stop)
