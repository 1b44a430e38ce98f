"""What we rely on that is not public in Strawberry, Django, asgiref or a server.

Ground: imports nothing of its siblings. `RELIED_ON` names each thing, and a test names those
that a new version has taken away. What begins with an underscore is touched by the functions
below and nowhere else; the other names are public in form, but documented nowhere.
"""

# ruff: noqa: SLF001 - the rule that holds everywhere else

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from asgiref.sync import SyncToAsync
from channels.layers import InMemoryChannelLayer
from django.core.handlers.exception import convert_exception_to_response
from strawberry.utils.aio import aclosing as aclosing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor

    from django.core.handlers.base import BaseHandler
    from django.http import HttpRequest
    from django.middleware.csrf import CsrfViewMiddleware
    from strawberry.http.base import BaseView
    from strawberry.http.streaming import HTTPStreamTransport

_DJANGO = "Django 5.2 to 6.1"
_STRAWBERRY = "strawberry-graphql 0.330.3 to 0.341"
_CHANNELS, _CHANNELS_REDIS = "Channels 4.3", "channels_redis 4.3"
_PROTOCOLS = "strawberry.subscriptions.protocols"


class Reliance(NamedTuple):
    """What a new version may take away: where it is, and which names, separated by spaces."""

    place: str
    names: str
    versions: str
    reason: str
    instead: str


RELIED_ON = (
    Reliance(
        "django.middleware.csrf:CsrfViewMiddleware",
        "_origin_verified",
        _DJANGO,
        reason="Django's rules on origins, without its token",
        instead="CSRF_TRUSTED_ORIGINS compared by us",
    ),
    Reliance(
        "django.core.handlers.base:BaseHandler",
        "_exception_middleware _get_response_async _middleware_chain "
        "_template_response_middleware _view_middleware resolve_request",
        _DJANGO,
        reason="a handler of one view, without the project's middleware",
        instead="django_middleware=True for everybody",
    ),
    Reliance(
        "django.core.handlers.asgi:ASGIHandler",
        "create_request handle send_response",
        _DJANGO,
        reason="a request that cannot be read, or is too long, has an answer",
        instead="a handler of our own",
    ),
    Reliance(
        "django.contrib.sessions.backends.base:SessionBase",
        "_session_cache",
        _DJANGO,
        reason="many sessions are read with one query",
        instead="one query for each session",
    ),
    Reliance(
        "django.contrib.auth.middleware",
        "_acached_user",
        _DJANGO,
        reason="`request.auser()` gives the user that is loaded already",
        instead="one more query in a resolver that calls it",
    ),
    Reliance(
        "django.utils.log",
        "log_response",
        _DJANGO,
        reason="a refusal is logged by us, and not again by Django",
        instead="two lines in the log",
    ),
    Reliance(
        "django.urls.resolvers:RegexPattern",
        "match regex",
        _DJANGO,
        reason="`url_pattern` matches as in `re_path`",
        instead="re.match",
    ),
    Reliance(
        "asgiref.sync",
        "context_to_thread_executor thread_sensitive_context",
        "asgiref 3.9 to 3.13",
        reason="the synchronous code of a block runs in the threads of our pool",
        instead="ThreadSensitiveContext(executor=…), which has come with asgiref 3.13",
    ),
    Reliance(
        "strawberry.http.base:BaseView",
        "_get_stream_transport_from_headers _validate_batch_request",
        _STRAWBERRY,
        reason="what Accept asks for, and whether a batch is allowed",
        instead="our own reading of Accept and of batching_config",
    ),
    Reliance(
        f"{_PROTOCOLS}.graphql_transport_ws.handlers:BaseGraphQLTransportWSHandler",
        "cleanup_operation connection_acknowledged operations",
        _STRAWBERRY,
        reason="the state of a connection and of its operations",
        instead="a handler of our own",
    ),
    Reliance(
        f"{_PROTOCOLS}.graphql_ws.handlers:BaseGraphQLWSHandler",
        "connection_acknowledged handle_async_results tasks",
        _STRAWBERRY,
        reason="the state of a legacy connection and of its operations",
        instead="a handler of our own",
    ),
    Reliance(
        "strawberry.http.streaming:SSETransport",
        "encode_complete encode_next heartbeat_message send_initial_heartbeat",
        _STRAWBERRY,
        reason="a stream begins before its first event, with lines that urql reads",
        instead="a transport of our own",
    ),
    Reliance(
        "strawberry.utils.aio",
        "aclosing",
        _STRAWBERRY,
        reason="closes a generator whose end may fail",
        instead="contextlib.aclosing and suppress",
    ),
    Reliance(
        "channels.layers:InMemoryChannelLayer",
        "channels",
        _CHANNELS,
        reason="a channel that has ended keeps nothing in the process",
        instead="a method of the layer that gives a channel back",
    ),
    Reliance(
        "channels_redis.core:RedisChannelLayer",
        "deserialize receive_buffer",
        _CHANNELS_REDIS,
        reason="a channel that has ended keeps nothing; a message that cannot be decoded is told "
        "from a failure of Redis",
        instead="a method of the layer that gives a channel back, and an exception of its own",
    ),
    Reliance(
        "channels_redis.pubsub:RedisPubSubLoopLayer",
        "channels",
        _CHANNELS_REDIS,
        reason="a cancellation that was lost is told from one that gives the channel back",
        instead="a method of the layer that gives a channel back",
    ),
    Reliance(
        "channels_redis.pubsub:RedisPubSubChannelLayer",
        "deserialize",
        _CHANNELS_REDIS,
        reason="a message that cannot be decoded is told from a failure of Redis",
        instead="an exception of its own",
    ),
    Reliance(
        "twisted.internet.asyncioreactor:AsyncioSelectorReactor",
        "_asyncioEventloop",
        "Twisted 22.4 to 26, under Daphne 4.2",
        reason="tells whether Daphne's reactor runs the loop of our sockets",
        instead="ASGI's lifespan protocol, when Daphne has it",
    ),
)


def origin_verified(middleware: CsrfViewMiddleware, request: HttpRequest) -> bool:
    """Tell whether Django takes the `Origin` of `request` for one of this site's."""
    return bool(middleware._origin_verified(request))


def load_no_middleware(handler: BaseHandler) -> None:
    """Have `handler` call its view with nothing around it, but answer exceptions."""
    handler._view_middleware = []
    handler._template_response_middleware = []
    handler._exception_middleware = []
    handler._middleware_chain = convert_exception_to_response(handler._get_response_async)


def loaded_session_data(session: Any) -> dict[str, Any]:
    """Return what a session holds, if it has been read already."""
    data: dict[str, Any] = getattr(session, "_session_cache", {})
    return data


def give_session_data(session: Any, data: dict[str, Any]) -> None:
    """Spare a session its own query."""
    vars(session)["_session_cache"] = data


def give_async_user(request: HttpRequest) -> None:
    """Have `request.auser()` give the user that `request.user` is."""
    vars(request).setdefault("_acached_user", request.user)


def give_executor(context: Any, executor: Executor) -> None:
    """Run the synchronous code inside a `ThreadSensitiveContext` in `executor`."""
    SyncToAsync.context_to_thread_executor[context] = executor


def take_executor(context: Any) -> None:
    """Take its executor from a `ThreadSensitiveContext`, which would start a thread to end it."""
    SyncToAsync.context_to_thread_executor.pop(context, None)


def current_thread_context() -> Any:
    """Return the `ThreadSensitiveContext` that surrounds the running task, if one does."""
    return SyncToAsync.thread_sensitive_context.get(None)


def stream_transport(view: BaseView[Any], headers: Mapping[str, str]) -> HTTPStreamTransport | None:
    """Return the transport that an `Accept` header asks for."""
    return view._get_stream_transport_from_headers(headers)


def check_batch(view: BaseView[Any], data: Any, transport: HTTPStreamTransport | None) -> None:
    """Refuse a batch that the schema does not allow, or that a stream cannot carry."""
    view._validate_batch_request(data, transport.protocol if transport else "http")


def _is_of(layer: Any, module: str) -> bool:
    return any(kind.__module__ == module for kind in type(layer).__mro__)


def channels_share_a_key(layer: Any) -> bool:
    """Tell whether one subscription takes the messages of all others of its process from Redis."""
    return _is_of(layer, "channels_redis.core")


def is_receiving(layer: Any, channel: str) -> bool:
    """Tell whether the layer, cancelled, may go on to receive: it does not give `channel` back."""
    return not _is_of(layer, "channels_redis.pubsub") or channel in layer.channels


def forget_channel(layer: Any, channel: str) -> None:
    """Take what waits for a channel that has ended: nobody else ever does."""
    if channels_share_a_key(layer):
        layer.receive_buffer.pop(channel, None)
    elif isinstance(layer, InMemoryChannelLayer):
        layer.channels.pop(channel, None)


def is_undecodable(error: Exception) -> bool:
    """Tell whether a layer's `receive` has failed over one message, which it has taken already."""
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_name == "deserialize":
            return True
        traceback = traceback.tb_next
    return False


def pool_is_full(error: Exception) -> bool:
    """Tell whether redis-py has as many connections as `max_connections` allows."""
    return "too many connections" in str(error).lower()


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
