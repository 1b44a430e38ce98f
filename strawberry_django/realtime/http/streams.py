"""How a subscription is streamed over HTTP, and its end when the user may not stay.

Imports `auth` and the ground modules.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.contrib.auth import SESSION_KEY
from strawberry.http.streaming import MultipartSubscriptionTransport, SSETransport
from typing_extensions import override

from .._upstream.frameworks import aclosing, loaded_session_data
from ..auth.watch import SocketWatch
from ..auth.watched import WatchedSocket
from ..protocol import GRAPHQL_SSE_PROTOCOL, MULTIPART_SUBSCRIPTION_PROTOCOL, CloseCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from strawberry.http import GraphQLHTTPResponse
    from strawberry.http.streaming import HTTPStreamTransport

    from ..conf import RealtimeOptions
    from ..request import GraphQLRequest

logger = logging.getLogger("strawberry_django.realtime")


class PromptSSETransport(SSETransport):
    """Server-sent events that begin at once: some servers hold the headers until then.

    Their lines end with a line feed alone: urql finds no event behind another end.
    """

    send_initial_heartbeat = True

    @override
    def encode_next(
        self, response: GraphQLHTTPResponse, encode_json: Callable[[object], str]
    ) -> str:
        return super().encode_next(response, encode_json).replace("\r\n", "\n")

    @override
    def encode_complete(self) -> str:
        return super().encode_complete().replace("\r\n", "\n")

    @override
    def heartbeat_message(self, encode_json: Callable[[object], str]) -> str:
        return super().heartbeat_message(encode_json).replace("\r\n", "\n")


#: The class of each protocol's transport.
STREAM_TRANSPORTS: Mapping[str, type[HTTPStreamTransport]] = MappingProxyType(
    {
        MULTIPART_SUBSCRIPTION_PROTOCOL: MultipartSubscriptionTransport,
        GRAPHQL_SSE_PROTOCOL: PromptSSETransport,
    }
)

#: What the `Accept` of who asks for one of them has in it.
STREAM_MEDIA_TYPES = ("text/event-stream", "multipart/mixed")


class _StreamEnd:
    """What the watch closes."""

    def __init__(self) -> None:
        self._closed = False
        self._cut_off = False
        self._waiting: asyncio.Task[Any] | None = None

    async def close(self, code: int, reason: str = "") -> None:
        """End the stream; HTTP has no word for why, so the log has it.

        When the server stops the answer is left without its end: so clients ask again.
        """
        if self._closed:
            return
        self._closed = True
        self._cut_off = code == CloseCode.SERVICE_RESTART
        logger.info("A stream was ended: %s", reason)
        if self._waiting is not None:
            self._waiting.cancel()

    async def before(self, chunks: AsyncIterator[str]) -> AsyncGenerator[str, None]:
        """Yield `chunks` until the end."""
        while not self._closed:
            self._waiting = task = asyncio.current_task()
            assert task is not None
            try:
                chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            except asyncio.CancelledError:
                if self._cut_off or not self._closed:
                    raise
                if sys.version_info >= (3, 11):
                    task.uncancel()
                return
            finally:
                self._waiting = None
            yield chunk
        if self._cut_off:
            raise asyncio.CancelledError


def who(request: GraphQLRequest) -> tuple[Any, str | None]:
    """Return the keys of the user, and of the session that the user came with."""
    user, session = vars(request).get("user"), vars(request).get("session")
    if user is None or not user.is_authenticated:
        return None, None
    # A user who came with a token is in no session, whatever cookie there is.
    if session is None or loaded_session_data(session).get(SESSION_KEY) != str(user.pk):
        return user.pk, None
    return user.pk, session.session_key


async def while_welcome(
    request: GraphQLRequest,
    options: RealtimeOptions,
    chunks: AsyncIterator[str],
    recheck: Callable[[], None],
) -> AsyncGenerator[str, None]:
    """Yield `chunks` for as long as a socket of the same user would be left open.

    Args:
        request: whose user it is.
        options: the limits.
        chunks: what is streamed.
        recheck: asks what depends on the user again; called when the session was looked at.
    """
    user_key, session_key = who(request)
    end = _StreamEnd()
    watched = WatchedSocket(
        end,
        options,
        user_key,
        session_key,
        request=request,
        busy=lambda: True,
        recheck=recheck,
    )
    kept = end.before(chunks)
    async with SocketWatch.current().watching(watched), aclosing(chunks), aclosing(kept):
        async for chunk in kept:
            yield chunk
