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
    from django.http import HttpRequest

    from .interfaces import Consumer

#: The HTTP scheme of a WebSocket's handshake (RFC 6455, section 3).
_HTTP_SCHEMES = {"ws": "http", "wss": "https"}


class GraphQLRequest(ASGIRequest):
    """A Django request that also knows its Channels consumer.

    Beside all that Django gives it, it has:

    Attributes:
        consumer: the consumer that serves it; `consumer.listen_to_channel(…)`
            receives from a channel layer.
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
    def scheme(self) -> str | None:
        """The scheme of the request, as HTTP names it."""
        scheme: str | None = super().scheme
        return _HTTP_SCHEMES.get(scheme or "", scheme)

    def __getattr__(self, name: str) -> NoReturn:
        if name == "user":
            raise AuthNotConfiguredError
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def no_view(request: HttpRequest) -> NoReturn:
    """Stand where one of Django's middleware wants its view; we call its steps ourselves."""
    raise NotImplementedError
