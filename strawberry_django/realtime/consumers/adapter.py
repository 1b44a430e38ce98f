"""What Strawberry's protocol handlers see of a WebSocket.

Imports `protocol` and `writer`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from strawberry.http.async_base_view import AsyncWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived
from typing_extensions import override

from ..limits import RateLimit
from ..protocol import CloseCode

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from ..request import GraphQLRequest
    from .websocket import GraphQLWSConsumer


class WebSocketAdapter(AsyncWebSocketAdapter):
    """Read the client's messages one at a time, and write through the consumer's writer.

    The next message is taken from the server when the one before is dealt with,
    so a client cannot make a queue grow here.
    """

    view: GraphQLWSConsumer

    @override
    def __init__(
        self,
        view: GraphQLWSConsumer,
        request: GraphQLRequest,
        response: GraphQLWSConsumer,
    ) -> None:
        super().__init__(view)
        self._rate = RateLimit(view.options["max_messages_per_second"])
        self._reader: asyncio.Task[Any] | None = None

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
                decoded = self.view.decode_json(text)
            except (ValueError, RecursionError) as error:
                if not ignore_parsing_errors:
                    raise NonJsonMessageReceived from error
            else:
                yield decoded

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send a message: after those that came before, unless it answers the client's own."""
        frame = self.view.encode_json_string(message)
        if asyncio.current_task() is self._reader:
            await self.view.writer.reply(frame)
        else:
            await self.view.writer.send(frame)

    async def close(self, code: int, reason: str) -> None:
        """Close the socket."""
        await self.view.writer.close(code, reason)

    async def _next_message(self) -> dict[str, Any] | None:
        """Return the client's next message, or `None` when the socket is closed.

        A message longer than `max_message_size` closes the socket with 1009
        (RFC 6455, section 7.4.1), one too many in a second with 4429.
        """
        writer = self.view.writer
        receiving = asyncio.ensure_future(self.view.receive())
        either: set[asyncio.Future[Any]] = {receiving, writer.closed}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            receiving.cancel()
        if writer.closed.done():
            return None
        message: dict[str, Any] = receiving.result()
        if message["type"] == "websocket.disconnect":
            writer.abandon()
            return None
        limit = self.view.options["max_message_size"]
        content = message.get("text") or message.get("bytes") or b""
        size = len(content.encode() if isinstance(content, str) else content)
        if size > limit:
            reason = f"The message has {size} bytes; at most {limit} are taken"
            await writer.close(CloseCode.MESSAGE_TOO_BIG, reason)
            return None
        if not self._rate.allows():
            most = self.view.options["max_messages_per_second"]
            reason = f"More than {most:g} messages a second (max_messages_per_second)"
            await writer.close(CloseCode.TOO_MANY_REQUESTS, reason)
            return None
        return message
