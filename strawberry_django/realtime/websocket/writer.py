"""The one way out of a socket: frames, in order, with a bound on what may wait.

Imports the ground modules only. It takes frames that are already encoded, so that
whoever executes an operation need not be who encodes its result.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from typing import TYPE_CHECKING, Any

from .._upstream.servers import Resumed, refused_as_too_long, sends_in_any_task, waiting_send
from ..exceptions import FrameTooLongError
from ..logs import on_one_line
from ..protocol import SUBSTITUTES, CloseCode, fit_close_reason
from ..waiting import within

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..conf import Overflow
    from ..interfaces import FrameSource, Send

logger = logging.getLogger("strawberry_django.realtime")

#: How many frames one socket may write before the others have their turn: about a millisecond.
#: A turn after each would cost a burst a seventh more of the processor's time.
_AT_ONCE = 8

#: How many unanswered pings are remembered: who has sent a token back, and then sends none, is
#: pinged on.
_MOST_PINGS = 16

#: Seconds that a close frame may take when the frames before it were not read.
_LAST_WORD_TIMEOUT = 1.0


async def refuse_handshake(scope: dict[str, Any], send: Send, status: int, reason: str) -> None:
    """Refuse a WebSocket before it is accepted, and log that once.

    Servers with the ASGI extension "WebSocket Denial Response" answer with
    `status` and `reason`; the others answer 403.
    """
    body = reason.encode("utf-8", "replace")
    logger.warning(
        "WebSocket %s refused (%d): %s", on_one_line(scope["path"]), status, body.decode()
    )
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": CloseCode.NORMAL})
        return
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
    # Uvicorn closes the connection in the loop's next turn, and until then takes
    # our return for a handshake that was forgotten, which it logs as an error.
    await asyncio.sleep(0)


def _size(frame: str) -> int:
    """Return how many bytes a frame has on its way."""
    return len(frame) if frame.isascii() else len(frame.encode())


class SocketWriter:
    """Write the frames of one WebSocket.

    A frame waits while the client does not read: its operation waits with it, and
    so does the source of its events. When a frame has waited for `send_timeout`
    the socket is closed with 4429.

    Neither a source of many events nor the server's `send` need ever wait by
    themselves. So the event loop's other tasks have a turn after every few frames:
    one socket with a thousand events does not hold up all others.

    Servers differ in how much they buffer for a client that does not read before
    their `send` waits. So the writer asks the client itself: with `probe`, at most
    `max_outbound_bytes` are on their way until the client has answered a ping that
    was sent after them. Each ping carries a token. A client that has sent one back
    is believed by its tokens alone; one that never does, by its pongs, and then
    what bounds the memory is the server's own buffer.

    Args:
        send: the ASGI `send` of the WebSocket.
        max_outbound_bytes: how much may be on its way; 0 is no bound of ours.
        send_timeout: how many seconds one frame may wait.

    Attributes:
        probe: makes the frame of a ping from its token; `None` where the
            subprotocol has none, or its connection is not begun.
        closed: done when nothing more can be sent, whoever closed the socket.
    """

    def __init__(self, send: Send, *, max_outbound_bytes: int, send_timeout: float) -> None:
        self._send = waiting_send(send)
        self._in_any_task = sends_in_any_task(send)
        self._max_outbound_bytes = max_outbound_bytes
        self._send_timeout = send_timeout
        self._turn = asyncio.Lock()
        self._room: asyncio.Event | None = None
        self._frames = 0
        self._sent = 0
        self._replied = 0
        self._acknowledged = 0
        self._pings: list[tuple[str, int]] = []
        self._echoes = False
        self._closing = False
        # Made when something waits: a socket of thousands, to which little is sent, needs none.
        self._backlog: deque[tuple[FrameSource | None, str, str, str]] | None = None
        self._draining: asyncio.Task[None] | None = None
        self._notices = 0
        self._last_word: asyncio.Future[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self.probe: Callable[[str], str] | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def accept(self, subprotocol: str | None) -> None:
        """Accept the handshake."""
        await self._transmit({"type": "websocket.accept", "subprotocol": subprotocol})

    async def send(self, frame: str) -> None:
        """Send a frame after those that came before; once closed, do nothing.

        Raises:
            FrameTooLongError: the server does not send so long a frame; the socket goes on.
        """
        if self._closing:  # Whoever has the turn may still wait for a client that is gone.
            await asyncio.sleep(0)  # Who goes on to send is cancelled here.
            return
        async with self._turn:
            if self._must_wait():
                await self._bounded(self._wait_for_room())
            await self._send_text(frame)
            await self._ask()
            self._frames += 1
            if self._frames % _AT_ONCE == 0:
                await asyncio.sleep(0)

    def post(self, source: FrameSource | None, head: str, body: str = "", tail: str = "") -> None:
        """Send a frame after those that came before, without waiting for the client.

        Where nothing waits before it, it is with the server when this returns.

        Args:
            source: whose frame it is; its `waiting` counts those in the backlog, and bounds them.
                A frame of nobody's answers the client, and so is bounded as with `reply`.
            head: how the frame begins.
            body: how it goes on; frames that wait for many clients have the same.
            tail: how it ends.
        """
        if self._closing:
            return
        waits = self._draining is not None or self._turn.locked() or self._must_wait()
        if self._in_any_task and not waits:
            self._post_now(source, f"{head}{body}{tail}")
            return
        if source is not None:
            source.waiting += 1
        elif 0 < self._max_outbound_bytes < self._notices:
            self._last_word = self._last_word or asyncio.ensure_future(self._close_unread())
            return
        else:
            self._notices += _size(head)
        if self._backlog is None:
            self._backlog = deque()
        self._backlog.append((source, head, body, tail))
        self._drain()

    def drop(self, source: FrameSource, overflow: Overflow) -> None:
        """Make room in the backlog: lose the oldest frame of `source`, or with "latest" all."""
        if overflow == "latest":
            self._backlog = deque(each for each in self._backlog or () if each[0] is not source)
            source.waiting = 0
            return
        for number, each in enumerate(backlog := self._backlog or deque()):
            if each[0] is source:
                del backlog[number]
                source.waiting -= 1
                return

    def _post_now(self, source: FrameSource | None, frame: str) -> None:
        """Have the server take a frame in this turn of the event loop.

        A server that has no room suspends its `send`, which is finished by a task of its own.
        """
        size = _size(frame)
        self._sent += size
        sending: Any = self._send({"type": "websocket.send", "text": frame})
        try:
            waits_for = sending.send(None)
        except StopIteration:
            if not self._pings and 0 < self._max_outbound_bytes < 2 * self._on_its_way:
                self._drain()
        except (OSError, RuntimeError) as error:
            if refused_as_too_long(error):
                self._sent -= size
                too_long = FrameTooLongError(size)
                logger.warning("A frame was not sent: %s", too_long)
                if source is not None:
                    source.refused(too_long)
            else:
                self.abandon()  # See `_deliver`.
        else:
            self._drain(Resumed(sending, waits_for))

    def _drain(self, sending: Awaitable[None] | None = None) -> None:
        if self._draining is None:
            self._draining = asyncio.create_task(self._drained(sending))

    async def _drained(self, sending: Awaitable[None] | None) -> None:
        """Send what waits, when what is being sent is sent."""
        try:
            async with self._turn:
                if sending is not None:
                    await self._deliver(sending)
                await self._ask()
            while self._backlog and not self._closing:
                source, *parts = self._backlog.popleft()
                if source is not None:
                    source.waiting -= 1
                else:
                    self._notices -= _size(parts[0])
                try:
                    await self.send("".join(parts))
                except FrameTooLongError as error:
                    if source is not None:
                        source.refused(error)
        except Exception:
            logger.exception("The server has failed to send: its socket is over")
            self.abandon()
        except asyncio.CancelledError:
            self.abandon()  # The loop ends.
            raise
        finally:
            self._draining = None

    async def reply(self, frame: str) -> None:
        """Send what answers a message of the client's, and do not wait for room.

        Whoever reads the client's messages must not: the pong that makes room is one
        of them. A client that asks on and reads no answer is closed with 4429, when
        these are more than `max_outbound_bytes`.

        Raises:
            FrameTooLongError: as with `send`.
        """
        if self.probe is not None and 0 < self._max_outbound_bytes < self._replied:
            await self._close_unread()
            return
        await self._send_text(frame)
        self._replied += _size(frame)
        await self._ask()

    async def ping(self) -> None:
        """Ask the client for a sign of life, if its connection is begun."""
        async with self._turn:
            await self._send_ping()

    def acknowledge(self, token: str | None = None) -> None:
        """Note that the client has read all that was sent before a ping that it answers.

        Args:
            token: what the ping carried; without it the oldest open ping is meant, of a
                client that has never sent a token back.
        """
        if token is None:
            if self._echoes or not self._pings:
                return
        elif any(token == sent for sent, _ in self._pings):
            self._echoes = True
            while self._pings[0][0] != token:
                del self._pings[0]
        else:
            return
        _, self._acknowledged = self._pings.pop(0)
        self._replied = 0
        self._make_room()

    @property
    def sent(self) -> int:
        """The bytes of all frames so far."""
        return self._sent

    @property
    def acknowledged(self) -> int:
        """The bytes that the client has read, as far as its pongs say."""
        return self._acknowledged

    def ask_for(self, sent: int) -> None:
        """Ask the client whether it has read so much, unless it is being asked already."""
        asked = self._asking is not None and not self._asking.done()
        if asked or sent <= self._acknowledged or any(until >= sent for _, until in self._pings):
            return
        self._asking = asyncio.create_task(self.ping())

    @property
    def _on_its_way(self) -> int:
        return self._sent - self._acknowledged

    async def _ask(self) -> None:
        """Ask the client what it has read, when half of what may be is on its way."""
        if not self._pings and 0 < self._max_outbound_bytes < 2 * self._on_its_way:
            await self._send_ping()

    def _must_wait(self) -> bool:
        return (
            self.probe is not None
            and not self._closing
            and 0 < self._max_outbound_bytes < self._on_its_way
        )

    async def _wait_for_room(self) -> None:
        while self._must_wait():
            self._room = asyncio.Event()
            if not self._pings:  # What is on its way was sent after the last of them.
                await self._send_ping()
            await self._room.wait()

    def _make_room(self) -> None:
        if self._room is not None:
            self._room.set()

    async def _send_ping(self) -> None:
        if self.probe is not None:
            token = secrets.token_urlsafe(6)
            ping = self.probe(token)
            # Who answers has read the ping as well: a bound below its size is no dead end.
            self._pings = [*self._pings, (token, self._sent + _size(ping))][-_MOST_PINGS:]
            await self._send_text(ping)

    async def _send_text(self, frame: str) -> None:
        if self._closing:
            return
        size = _size(frame)
        self._sent += size
        try:
            await self._transmit({"type": "websocket.send", "text": frame})
        except FrameTooLongError:
            self._sent -= size
            raise

    async def close(self, code: int, reason: str = "", *, timeout: float | None = None) -> None:
        """Send a close frame, and drop the frames that wait; the first call counts.

        Args:
            code: the close code.
            reason: what to tell the client; cut to the 123 bytes that fit.
            timeout: seconds for the frame to be taken; `send_timeout` by default.
        """
        if self._closing:
            return
        self._closing = True
        message: dict[str, Any] = {"type": "websocket.close", "code": int(code)}
        if reason:
            message["reason"] = fit_close_reason(reason)
        try:
            await self._transmit(message, timeout)
        except Exception as error:
            substitute = SUBSTITUTES.get(message["code"])
            if substitute is not None:
                await self._transmit({**message, "code": int(substitute)}, timeout)
            else:  # Uvicorn fails in a way of its own over a client that vanishes when accepted.
                logger.info("The close frame %d was not sent: %r", message["code"], error)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Note that the client is gone: nothing can be sent any more."""
        self._closing = True
        self._backlog = None
        self._make_room()
        if not self.closed.done():
            self.closed.set_result(None)

    async def _transmit(self, message: dict[str, Any], timeout: float | None = None) -> None:
        await self._deliver(self._send(message), timeout, message)

    async def _deliver(
        self,
        sending: Awaitable[None],
        timeout: float | None = None,
        message: dict[str, Any] | None = None,
    ) -> None:
        try:
            await self._bounded(sending, timeout)
        except (OSError, RuntimeError) as error:
            if message is not None and refused_as_too_long(error):
                too_long = FrameTooLongError(_size(message["text"]))
                logger.warning("A frame was not sent: %s", too_long)
                raise too_long from error
            # Servers raise these when the client has gone (ASGI, "Disconnected
            # Client"), or when they have closed the socket themselves.
            self.abandon()

    async def _bounded(self, sending: Awaitable[None], timeout: float | None = None) -> None:
        try:
            async with within(timeout or self._send_timeout):
                await sending
        except asyncio.TimeoutError:
            if not self._closing:
                logger.warning(
                    "A client has not read for %g s: its socket is closed", self._send_timeout
                )
                await self._close_slow("Too slow: messages are not being read (send_timeout)")

    async def _close_unread(self) -> None:
        if not self._closing:
            logger.warning("A client asks on and reads no answers: its socket is closed")
            await self._close_slow("Too slow: answers are not being read (max_outbound_bytes)")

    async def _close_slow(self, reason: str) -> None:
        await self.close(CloseCode.TOO_MANY_REQUESTS, reason, timeout=_LAST_WORD_TIMEOUT)
