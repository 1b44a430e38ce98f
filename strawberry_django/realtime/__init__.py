"""GraphQL over HTTP and WebSocket for Django with Channels.

The public names are imported on first use, so that this package can stand in
`INSTALLED_APPS` (and answer `python -m strawberry_django.realtime`) without
touching settings or models.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .auth.revocation import disconnect_user
    from .broadcast.context import SharedContext
    from .broadcast.field import shared_subscription
    from .conf import OperationRequest
    from .context import GraphQLContext
    from .exceptions import (
        AuthNotConfiguredError,
        ChannelLayerError,
        EventsMissedError,
        ListenerOverflowError,
        PayloadError,
        RealtimeError,
        SessionCheckError,
        SessionEndedError,
        SharedSubscriptionError,
        ThreadWaitError,
        TransactionTimeoutError,
        WebSocketLoginError,
    )
    from .http.consumer import GraphQLHTTPConsumer
    from .pubsub.changes import Change
    from .pubsub.history import History
    from .pubsub.model_topic import ModelTopic
    from .pubsub.topics import Topic
    from .request import GraphQLRequest
    from .routing import AuthGraphQLProtocolTypeRouter
    from .websocket.consumer import GraphQLWSConsumer

_MODULES = {
    "AuthGraphQLProtocolTypeRouter": "routing",
    "AuthNotConfiguredError": "exceptions",
    "Change": "pubsub.changes",
    "ChannelLayerError": "exceptions",
    "EventsMissedError": "exceptions",
    "GraphQLContext": "context",
    "GraphQLHTTPConsumer": "http.consumer",
    "GraphQLRequest": "request",
    "GraphQLWSConsumer": "websocket.consumer",
    "History": "pubsub.history",
    "ListenerOverflowError": "exceptions",
    "ModelTopic": "pubsub.model_topic",
    "OperationRequest": "conf",
    "PayloadError": "exceptions",
    "RealtimeError": "exceptions",
    "SessionCheckError": "exceptions",
    "SessionEndedError": "exceptions",
    "SharedContext": "broadcast.context",
    "SharedSubscriptionError": "exceptions",
    "ThreadWaitError": "exceptions",
    "Topic": "pubsub.topics",
    "TransactionTimeoutError": "exceptions",
    "disconnect_user": "auth.revocation",
    "shared_subscription": "broadcast.field",
    "WebSocketLoginError": "exceptions",
}

#: What `strawberry.channels` has beside, and what to use instead.
_NOT_PROVIDED = {
    "ChannelsConsumer": "GraphQLHTTPConsumer and GraphQLWSConsumer listen to channels themselves",
    "ChannelsRequest": "resolvers have a Django request; its class is GraphQLRequest",
    "GraphQLProtocolTypeRouter": "use AuthGraphQLProtocolTypeRouter",
    "SyncGraphQLHTTPConsumer": (
        "use GraphQLHTTPConsumer; a synchronous resolver that is a strawberry_django.field runs in "
        "a thread"
    ),
}

__all__ = [
    "AuthGraphQLProtocolTypeRouter",
    "AuthNotConfiguredError",
    "Change",
    "ChannelLayerError",
    "EventsMissedError",
    "GraphQLContext",
    "GraphQLHTTPConsumer",
    "GraphQLRequest",
    "GraphQLWSConsumer",
    "History",
    "ListenerOverflowError",
    "ModelTopic",
    "OperationRequest",
    "PayloadError",
    "RealtimeError",
    "SessionCheckError",
    "SessionEndedError",
    "SharedContext",
    "SharedSubscriptionError",
    "ThreadWaitError",
    "Topic",
    "TransactionTimeoutError",
    "WebSocketLoginError",
    "disconnect_user",
    "shared_subscription",
]


def __getattr__(name: str) -> Any:
    if name in _NOT_PROVIDED:
        # From an AttributeError Python makes an ImportError without the reason.
        raise ImportError(f"{__name__} has no {name}: {_NOT_PROVIDED[name]}.", name=name)
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
