"""The options of the router and its consumers, their defaults and the setting.

Ground: imports `protocol` only. An option is looked up in three places: the
keyword given to the router or to a consumer's `as_asgi()`, then the key of the
same name in capitals in `settings.STRAWBERRY_DJANGO_REALTIME`, then `DEFAULTS`.
"""

from __future__ import annotations

import difflib
from collections.abc import (
    Awaitable,
    Callable,
    Mapping,
    Sequence,
)
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from typing_extensions import TypedDict

from .protocol import (
    GRAPHQL_SSE_PROTOCOL,
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    MULTIPART_SUBSCRIPTION_PROTOCOL,
)

SETTING = "STRAWBERRY_DJANGO_REALTIME"

#: What `trusted_proxies` calls a proxy that is reached over a Unix socket.
UNIX = "unix"


#: Options of which 0 would mean that nothing works at all.
_AT_LEAST_ONE = frozenset({"listener_capacity", "max_message_size", "max_threads"})


#: What happens to a subscription when more events wait for it than may.
Overflow = Literal["close", "drop_oldest", "latest"]


@dataclass(frozen=True)
class OperationRequest:
    """What a client asks to have executed.

    Attributes:
        query: the document; `None` or empty where an extension finds it (persisted queries).
        operation_name: which of its operations.
        variables: the operation's variables.
        extensions: what else the client sent, the hash of a persisted query for one.
    """

    query: str | None
    operation_name: str | None
    variables: dict[str, Any] | None
    extensions: dict[str, Any] | None = None


class RealtimeOptions(TypedDict, total=False):
    """What the router and its consumers can be told."""

    graphql_ide: Literal["auto", "graphiql", "apollo-sandbox", "pathfinder"] | None
    """The explorer that a browser gets; `"auto"` is GraphiQL with `DEBUG` and none without."""
    allow_queries_via_get: bool
    """Whether a query may come as an HTTP GET."""
    multipart_uploads_enabled: bool
    """Whether files may be uploaded (the GraphQL multipart request specification)."""
    subscription_protocols: Sequence[str]
    """What subscriptions may travel over; add `"graphql-ws"` for the legacy subprotocol."""
    keep_alive: bool
    """Whether the legacy subprotocol sends its `ka` messages."""
    keep_alive_interval: float
    """Seconds between two `ka` messages of the legacy subprotocol."""
    connection_init_wait_timeout: timedelta
    """How long a socket may stay open without `connection_init` before it is closed (4408)."""
    max_subscriptions_per_connection: int | None
    """The most operations that one socket may have under way; `None` is no limit."""
    allowed_origins: Sequence[str]
    """Origins that may open a WebSocket beside `ALLOWED_HOSTS` and `CSRF_TRUSTED_ORIGINS`."""
    allow_missing_origin: bool
    """Whether a WebSocket handshake without `Origin` (a client that is no browser) is let in."""
    session_auth: bool
    """Whether the consumer itself provides the session and the user; the router says yes."""
    django_middleware: bool
    """Whether the HTTP endpoint runs inside the project's own `MIDDLEWARE`."""
    on_connect: Callable[[Any], Awaitable[dict[str, Any] | None]] | None
    """Called with the context of each connection; may set the user, or refuse."""
    on_operation: Callable[[Any, OperationRequest], Awaitable[None]] | None
    """Called with the context of each operation before it is executed; may refuse it."""
    session_revalidate_interval: float | None
    """Seconds between two looks at whether a socket's user may still act; `None` never looks."""
    max_threads: int
    """The most threads of a process for synchronous code: of operations, hooks and handshakes."""
    thread_wait_timeout: float
    """Seconds for which synchronous code may wait for one of them; then it fails."""
    max_transaction_time: float
    """Seconds for which an operation may keep a thread in an open transaction or cursor."""
    enter_thread: Callable[[Any], AbstractContextManager[Any]] | None
    """Called with the request; what it returns is entered in a thread around synchronous code."""
    rollback_mutation: Callable[[Any], bool] | None
    """Called with a mutation's result under `ATOMIC_REQUESTS`: whether to roll it back."""
    max_sockets_per_user: int | None
    """The most sockets and streams that one user may have open in a process (4429, 429 beyond)."""
    max_sockets_per_address: int | None
    """The most sockets and streams of one address, or IPv6 /64, in a process (4429, 429 beyond)."""
    trusted_proxies: Sequence[str]
    """Addresses and networks (or `"unix"`) whose `X-Forwarded-For` tells a client's address."""
    max_messages_per_second: float | None
    """How fast a socket may send messages, with as many at once (4429 beyond)."""
    max_message_size: int
    """The longest WebSocket message that a client may send, in bytes (1009 beyond)."""
    max_outbound_bytes: int
    """How much may be on its way to one socket, in bytes, until the client has read it."""
    send_timeout: float
    """Seconds for which a frame may wait for a client that does not read (4429 then)."""
    document_cache_bytes: int
    """How many bytes of valid documents are kept, so that none is validated twice; 0 keeps none.

    Give 0 where a validation rule of yours reads anything but the document.
    """
    listener_capacity: int
    """How many channel-layer messages one subscription may have waiting for it."""
    slow_consumer: Overflow
    """What happens when more wait: close the socket (4429), lose the oldest, keep the newest."""
    ping_interval: float | None
    """Seconds between two pings of the graphql-transport-ws protocol; `None` sends none."""
    pong_timeout: float
    """Seconds within which a ping must be answered before the socket is closed (4408)."""
    max_idle_time: float | None
    """Seconds that a socket may stay open without an operation (4408 then)."""
    max_lifetime: float | None
    """Seconds that a socket may stay open at all (4408 then); its client connects again."""


DEFAULTS = RealtimeOptions(
    graphql_ide="auto",
    allow_queries_via_get=True,
    multipart_uploads_enabled=False,
    subscription_protocols=(
        GRAPHQL_TRANSPORT_WS_PROTOCOL,
        MULTIPART_SUBSCRIPTION_PROTOCOL,
        GRAPHQL_SSE_PROTOCOL,
    ),
    keep_alive=False,
    keep_alive_interval=1,
    connection_init_wait_timeout=timedelta(minutes=1),
    max_subscriptions_per_connection=100,
    allowed_origins=(),
    allow_missing_origin=False,
    session_auth=False,
    django_middleware=False,
    on_connect=None,
    on_operation=None,
    session_revalidate_interval=30,
    max_threads=32,
    thread_wait_timeout=10,
    max_transaction_time=60,
    enter_thread=None,
    rollback_mutation=None,
    max_sockets_per_user=100,
    max_sockets_per_address=None,
    trusted_proxies=(),
    max_messages_per_second=100,
    max_message_size=1024 * 1024,
    max_outbound_bytes=256 * 1024,
    send_timeout=20,
    document_cache_bytes=16 * 1024 * 1024,
    listener_capacity=1000,
    slow_consumer="close",
    ping_interval=30,
    pong_timeout=30,
    max_idle_time=None,
    max_lifetime=None,
)


def unknown_options(names: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each name that is not an option, with the nearest that is."""
    problems = []
    for name in names:
        if name not in DEFAULTS:
            near = difflib.get_close_matches(name, DEFAULTS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            problems.append(f"{name!r} is not an option.{hint}")
    return problems


def expected(name: str, value: Any) -> str | None:
    """Return, in words, what the option `name` must be, if `value` is something else."""
    hint = get_type_hints(RealtimeOptions)[name]
    if not _fits(value, hint):
        return _described(hint)
    if name in _AT_LEAST_ONE and value < 1:
        return "a whole number from 1 up"
    if name == "trusted_proxies" and not all(map(_is_proxy, value)):
        return 'addresses, networks ("10.0.0.0/8") or "unix"'
    return None


def _is_proxy(value: str) -> bool:
    try:
        return value == UNIX or bool(ip_network(value, strict=False))
    except ValueError:
        return False


def wrong_values(options: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each option whose value is of another type than it has."""
    return [
        f"{name!r} is {value!r}; expected {words}."
        for name, value in options.items()
        if (words := expected(name, value))
    ]


def _fits(value: Any, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return any(_fits(value, each) for each in arguments)
    if origin is Literal:
        return value in arguments
    if hint in {int, float}:
        number = isinstance(value, int) or (hint is float and isinstance(value, float))
        return number and not isinstance(value, bool) and value >= 0
    if origin is not None and issubclass(origin, Sequence):
        is_list = isinstance(value, Sequence) and not isinstance(value, str | bytes)
        return is_list and all(isinstance(each, str) for each in value)
    return callable(value) if origin is not None else isinstance(value, hint)


def _described(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return " or ".join(map(_described, arguments))
    if origin is Literal:
        return " or ".join(map(repr, arguments))
    if hint is float:
        return "a number from 0 up"
    if hint is int:
        return "a whole number from 0 up"
    if origin is not None:
        return "a list of strings" if issubclass(origin, Sequence) else "a callable"
    return {bool: "True or False", timedelta: "a timedelta"}.get(hint, "None")


def project_options() -> dict[str, Any]:
    """Return what `settings.STRAWBERRY_DJANGO_REALTIME` says, by option name.

    Raises:
        ImproperlyConfigured: it is no dictionary of names.
    """
    declared: object = getattr(settings, SETTING, {})
    if not isinstance(declared, Mapping) or not all(isinstance(name, str) for name in declared):
        raise ImproperlyConfigured(
            f"settings.{SETTING} must be a dictionary of option names, not {declared!r}."
        )
    return {name.lower(): value for name, value in declared.items()}


def resolve_options(options: Mapping[str, Any]) -> RealtimeOptions:
    """Return every option, looked up in `options`, the setting and `DEFAULTS`.

    Raises:
        TypeError: `options` has a name that is not an option, or a value of a wrong type.
        ImproperlyConfigured: the setting has such a key or value.
    """
    if problems := unknown_options(options) or wrong_values(options):
        raise TypeError(" ".join(problems))
    declared = project_options()
    if problems := unknown_options(declared) or wrong_values(declared):
        raise ImproperlyConfigured(f"settings.{SETTING}: {' '.join(problems)}")
    resolved = {**DEFAULTS, **declared, **options}
    if resolved["graphql_ide"] == "auto":
        resolved["graphql_ide"] = "graphiql" if settings.DEBUG else None
    return cast("RealtimeOptions", resolved)
