"""What can go wrong, as exceptions that say what to do.

Ground: imports nothing of its siblings.
"""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from graphql import GraphQLError


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


class SessionEndedError(RealtimeError):
    """An operation was started on a socket whose user may not act any more."""

    def __init__(self) -> None:
        super().__init__("The session has ended. Log in and connect again.")


class SessionCheckError(RealtimeError):
    """An operation was started, and the database did not say whether its user may act."""

    def __init__(self) -> None:
        super().__init__("The session cannot be checked now. Try again.")


class ThreadWaitError(RealtimeError):
    """Synchronous code waited too long for a thread."""

    def __init__(self, size: int, wait: float) -> None:
        super().__init__(
            f"The server is busy: all {size} threads for synchronous code (max_threads) were in "
            f"use for {wait:g} s (thread_wait_timeout). Try again."
        )


class TransactionTimeoutError(RealtimeError):
    """An operation kept a transaction or a server-side cursor open for too long."""

    def __init__(self, limit: float) -> None:
        super().__init__(
            f"This operation kept a transaction or a cursor open for more than {limit:g} s "
            "(max_transaction_time): it was rolled back."
        )


class ClientLeftError(RealtimeError):
    """The client closed its socket while the server still worked on its beginning."""

    def __init__(self, limit: float) -> None:
        super().__init__(f"The client left within {limit:g} s.")


class HookTimeoutError(RealtimeError):
    """What a socket waits for at its beginning took too long: a hook, or the session's user."""

    def __init__(self, limit: float) -> None:
        super().__init__(
            f"The connection was not ready within {limit:g} s (connection_init_wait_timeout)"
        )


class FrameTooLongError(RealtimeError):
    """The server refused to send a WebSocket message of this length, and the socket goes on.

    Only Daphne does: its limit on what clients send bounds what it sends as well.
    """

    def __init__(self, size: int) -> None:
        super().__init__(
            f"This message has {size} bytes, which is more than the server sends over WebSocket. "
            "Raise Daphne's limit: --websocket-max-message-size, or for runserver the setting "
            "DAPHNE_WEBSOCKET_MAX_MESSAGE_SIZE."
        )


class ChannelLayerError(RealtimeError):
    """The channel layer is missing, or failed while a subscription listened to it."""


class EventsMissedError(RealtimeError, GraphQLError):
    """Events were missed that the history of their topic does not have any more.

    The client is told: the code in the extensions of the error is `EVENTS_MISSED`.
    """

    def __init__(self, topic: str) -> None:
        GraphQLError.__init__(
            self,
            f"Events of {topic!r} were missed that cannot be read any more. Fetch what there is, "
            "and subscribe again.",
            extensions={"code": "EVENTS_MISSED"},
        )


class PayloadError(RealtimeError, TypeError):
    """A value was published that cannot travel to other processes as its topic declares it.

    Attributes:
        path: where in the payload the value is, as in `.author.tags[0]`.
        expected: what may stand there.
        value: what stands there.
    """

    def __init__(self, path: str, expected: str, value: object) -> None:
        try:
            shown = repr(value)
        except Exception:  # That of a model's instance may ask the database.
            shown = object.__repr__(value)
        shown = shown if len(shown) <= 100 else f"{shown[:99]}…"
        super().__init__(f"payload{path} is {shown}; expected {expected}.")
        self.path = path
        self.expected = expected
        self.value = value

    def below(self, step: str) -> PayloadError:
        """Return the error with a longer path: it is in a part of something else."""
        return PayloadError(step + self.path, self.expected, self.value)


class SharedSubscriptionError(RealtimeError):
    """A shared subscription, which runs once for many subscribers, asked who subscribes."""

    def __init__(self, field: str, name: str) -> None:
        super().__init__(
            f"{field} is a shared subscription: it runs once for many subscribers and has no "
            f"{name!r}. Return what it needs of a subscriber from `audience=…` and read "
            "info.context.audience, or make it a strawberry.subscription."
        )


class ListenerOverflowError(RealtimeError):
    """A subscription read its channel-layer messages more slowly than they came."""

    def __init__(self, type: str, capacity: int) -> None:
        super().__init__(
            f"This subscription fell {capacity} {type!r} messages behind and was "
            "ended, so that nothing is lost without a word. Subscribe again."
        )
