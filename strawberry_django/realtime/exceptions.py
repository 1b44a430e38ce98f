"""What can go wrong, as exceptions that say what to do.

Ground: imports nothing of its siblings.
"""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured


class RealtimeError(Exception):
    """The base of every exception that this package raises."""


class AuthNotConfiguredError(RealtimeError, ImproperlyConfigured):
    """`request.user` was asked for, and nothing in the routing provides it."""

    def __init__(self) -> None:
        super().__init__(
            "This request has no user: nothing around the GraphQL consumer "
            "authenticates it. Use AuthGraphQLProtocolTypeRouter, or wrap the "
            "consumer in channels.auth.AuthMiddlewareStack, or give it "
            "session_auth=True."
        )


class WebSocketLoginError(RealtimeError):
    """A login was tried over a WebSocket, where no cookie can be set."""

    def __init__(self) -> None:
        super().__init__(
            "Logging in over a WebSocket cannot set the session cookie: the "
            "handshake is over. Log in over HTTP, then connect the WebSocket."
        )


class ChannelLayerError(RealtimeError):
    """The channel layer is missing, or failed while a subscription listened to it."""


class ListenerOverflowError(RealtimeError):
    """A subscription read its channel-layer messages more slowly than they came."""

    def __init__(self, type: str, capacity: int) -> None:
        super().__init__(
            f"This subscription fell {capacity} {type!r} messages behind and was "
            "ended, so that nothing is lost without a word. Subscribe again."
        )
