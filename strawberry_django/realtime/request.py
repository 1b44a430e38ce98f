"""The Django request that a resolver receives, on every transport.

Imports the ground modules only. Django's own `ASGIRequest` builds it from the
ASGI scope: of the HTTP request, or of the WebSocket's handshake, which is an
HTTP GET request (RFC 6455, section 4.1).
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, NoReturn

from django.core.handlers.asgi import ASGIRequest

from .exceptions import AuthNotConfiguredError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from django.http import HttpRequest

    from .interfaces import Consumer

#: The HTTP scheme of a WebSocket's handshake (RFC 6455, section 3).
_HTTP_SCHEMES = {"ws": "http", "wss": "https"}

#: What Strawberry's Channels integration has on its request, and where Django has it.
_ELSEWHERE = {
    "query_params": "use `request.GET`",
    "path_params": 'use `request.scope["url_route"]["kwargs"]`',
    "form_data": "use `request.POST` and `request.FILES`",
}


class GraphQLRequest(ASGIRequest):
    """A Django request that also knows its Channels consumer.

    Beside all that Django gives it, it has:

    Attributes:
        consumer: the consumer that serves it.
        scope: the ASGI scope; a WebSocket's stays of type `"websocket"`.
        user: who asks; resolved once for a request or a socket, before the first
            resolver runs, and so safe to touch in synchronous resolvers.
        session: the Django session.
    """

    consumer: Consumer

    @classmethod
    def from_handshake(cls, scope: dict[str, Any]) -> GraphQLRequest:
        """Build the request of a WebSocket's handshake.

        Raises:
            UnicodeDecodeError: the query string is not UTF-8.
        """
        request = cls({**scope, "method": "GET"}, BytesIO())
        request.scope = scope
        return request

    @property
    def channel_layer(self) -> Any:
        """The channel layer of the consumer; see `GraphQLWSConsumer.channel_layer`."""
        return self.consumer.channel_layer

    @property
    def channel_name(self) -> str:
        """The name of the consumer's own channel; see `GraphQLWSConsumer.channel_name`."""
        return self.consumer.channel_name

    def listen_to_channel(
        self, type: str, *, timeout: float | None = None, groups: Sequence[str] = ()
    ) -> AbstractAsyncContextManager[AsyncIterator[dict[str, Any]]]:
        """Receive channel-layer messages; see `GraphQLWSConsumer.listen_to_channel`."""
        return self.consumer.listen_to_channel(type, timeout=timeout, groups=groups)

    @property
    def scheme(self) -> str | None:
        """The scheme of the request, as HTTP names it."""
        scheme: str | None = super().scheme
        return _HTTP_SCHEMES.get(scheme or "", scheme)

    def __getattr__(self, name: str) -> NoReturn:
        if name == "user":
            raise AuthNotConfiguredError
        instead = f": {_ELSEWHERE[name]}" if name in _ELSEWHERE else ""
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{instead}")


def no_view(request: HttpRequest) -> NoReturn:
    """Stand where one of Django's middleware wants its view; we call its steps ourselves."""
    raise NotImplementedError
