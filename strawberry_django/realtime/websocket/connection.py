"""The connection inside a WebSocket: the client's messages in, the server's out.

Imports `writer` and the ground modules.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from strawberry.http.async_base_view import AsyncWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived
from typing_extensions import override

from ..exceptions import ClientLeftError, HookTimeoutError
from ..limits import RateLimit
from ..protocol import CloseCode
from ..waiting import expire, expired, within

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Mapping

    from ..interfaces import Receive, SocketConsumer
    from .writer import SocketWriter

T = TypeVar("T")


class SocketConnection(AsyncWebSocketAdapter):
    """Read the client's messages one at a time, and write through the socket's writer.

    The next message is taken from the server when the one before is dealt with,
    so a client cannot make a queue grow here. It is an `AsyncWebSocketAdapter`
    because Strawberry's protocol handlers take nothing else.

    Args:
        consumer: encodes and decodes messages, and has the limits.
        receive: the ASGI `receive` of the socket.
        writer: everything that the socket sends goes through it.
    """

    def __init__(self, consumer: SocketConsumer, receive: Receive, writer: SocketWriter) -> None:
        self._consumer = consumer
        self._receive = receive
        self._writer = writer
        self._rate = RateLimit(consumer.options["max_messages_per_second"])
        self._reader: asyncio.Task[Any] | None = None
        self._receiving: asyncio.Future[dict[str, Any]] | None = None

    @override
    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        """Yield the client's messages, decoded, until the socket is closed."""
        self._reader = asyncio.current_task()
        while (message := await self._next_message()) is not None:
            text = message.get("text")
            if text is None:
                raise NonTextMessageReceived
            try:
                decoded = self._consumer.decode_json(text)
            except (ValueError, RecursionError) as error:
                if not ignore_parsing_errors:
                    raise NonJsonMessageReceived from error
            else:
                yield decoded

    @override
    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send a message: after those that came before, unless it answers the client's own."""
        frame = self._consumer.encode_json_string(message)
        if asyncio.current_task() is self._reader:
            await self._writer.reply(frame)
        else:
            await self._writer.send(frame)

    @override
    async def close(self, code: int, reason: str) -> None:
        """Close the socket."""
        await self._writer.close(code, reason)

    async def attend(self, work: Awaitable[T], seconds: float) -> T:
        """Await what the socket waits for before it can go on, while its client stays.

        Args:
            work: the handshake's own work, or a hook of the project.
            seconds: how long it may take.

        Raises:
            ClientLeftError: the client has closed the socket, and `work` is cancelled.
            HookTimeoutError: `work` has taken too long, and is cancelled.
        """
        leaving = asyncio.ensure_future(self._client_left())
        limit = within(seconds)
        try:
            async with limit:
                leaving.add_done_callback(lambda task: task.cancelled() or expire(limit))
                return await work
        except asyncio.TimeoutError:
            if not expired(limit):
                raise
            raise (ClientLeftError if leaving.done() else HookTimeoutError)(seconds) from None
        finally:
            leaving.cancel()

    async def _client_left(self) -> None:
        """Wait until the client has closed the socket; for ever, if it sends something before."""
        receiving = self._receive_ahead()
        await asyncio.wait({receiving})
        if receiving.exception() is None and receiving.result()["type"] != "websocket.disconnect":
            await asyncio.Event().wait()

    def _receive_ahead(self) -> asyncio.Future[dict[str, Any]]:
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._receive())
        return self._receiving

    def stop_reading(self) -> None:
        """Ask the server for no more messages."""
        if self._receiving is not None:
            self._receiving.cancel()
            self._receiving = None

    async def _next_message(self) -> dict[str, Any] | None:
        """Return the client's next message, or `None` when the socket is closed.

        A message longer than `max_message_size` closes the socket with 1009
        (RFC 6455, section 7.4.1), one too many in a second with 4429.
        """
        writer = self._writer
        receiving = self._receive_ahead()
        either: set[asyncio.Future[Any]] = {receiving, writer.closed}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.stop_reading()
        if writer.closed.done():
            return None
        message: dict[str, Any] = receiving.result()
        if message["type"] == "websocket.disconnect":
            writer.abandon()
            return None
        limit = self._consumer.options["max_message_size"]
        content = message.get("text") or message.get("bytes") or b""
        size = len(content.encode() if isinstance(content, str) else content)
        if size > limit:
            reason = f"The message has {size} bytes; at most {limit} are taken"
            await writer.close(CloseCode.MESSAGE_TOO_BIG, reason)
            return None
        if not self._rate.allows():
            most = self._consumer.options["max_messages_per_second"]
            reason = f"More than {most:g} messages a second (max_messages_per_second)"
            await writer.close(CloseCode.TOO_MANY_REQUESTS, reason)
            return None
        return message
