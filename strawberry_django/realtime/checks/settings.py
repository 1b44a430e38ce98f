"""Whether the settings let the library work: apps, hosts, sessions, channel layers and options.

A channel layer is made to see that it can be; none connects.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from channels.layers import InMemoryChannelLayer, channel_layers
from django.apps import apps
from django.conf import settings
from django.core.management import get_commands
from django.utils.module_loading import import_string
from strawberry.types.base import get_object_definition

from .. import conf
from ..pubsub.topics import Topic
from ..routing import AuthGraphQLProtocolTypeRouter
from ..transactions import atomic_aliases
from .catalogue import Messages, found

if TYPE_CHECKING:
    from .application import Endpoint

_STATICFILES = "django.contrib.staticfiles"
_USES_LAYER = frozenset({"listen_to_channel", "get_channel_layer"})
_ENGINES_WITH_A_TABLE = frozenset(
    {"django.contrib.sessions.backends.db", "django.contrib.sessions.backends.cached_db"}
)
_MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)
#: As many connections of one process to Redis as are soon too few.
_FEW = 100
_DAPHNE_LIMITS = ("DAPHNE_WEBSOCKET_MAX_MESSAGE_SIZE", "DAPHNE_WEBSOCKET_MAX_FRAME_SIZE")
_DAPHNE_DEFAULT = 1024 * 1024  # Of both; 0 is no limit.
_HOST_NAME = re.compile(r"\*|\.?[^/:\[\]]+|\[[0-9a-fA-F:.]+\]")


def check_runserver() -> Messages:
    """Report a `runserver` that serves WSGI, which knows no WebSocket.

    Of several apps with a `runserver` command Django takes the first in `INSTALLED_APPS`.
    """
    if get_commands()["runserver"] not in {"django.core", _STATICFILES}:
        return []
    if apps.is_installed("daphne"):
        order = f"daphne stands after {_STATICFILES} in INSTALLED_APPS"
        return [found("E005", f"{order}, so runserver serves WSGI: no WebSocket.")]
    if not settings.DEBUG:
        return []
    is_there = importlib.util.find_spec("daphne")
    install = "" if is_there else " First install it: python -m pip install daphne"
    text = f"daphne is not in INSTALLED_APPS, so runserver serves WSGI: no WebSocket.{install}"
    return [found("W001", text)]


def check_routers() -> Messages:
    """Report a `strawberry_django.routers` that is not the one of this library."""
    routers = importlib.import_module("strawberry_django.routers")
    if getattr(routers, "AuthGraphQLProtocolTypeRouter", None) is AuthGraphQLProtocolTypeRouter:
        return []
    text = (
        f"strawberry_django.routers is {routers.__file__}, which is not part of "
        f"strawberry-django-channels (that is in {Path(__file__).parents[2]}): its router has none "
        "of this library's protection."
    )
    return [found("E010", text)]


def in_production() -> bool:
    """Tell whether the site is meant for others: `DEBUG` is off, and no tests run.

    Django's test runner switches `DEBUG` off and adds "testserver" to `ALLOWED_HOSTS`.
    """
    return not settings.DEBUG and "testserver" not in settings.ALLOWED_HOSTS


def check_allowed_hosts() -> Messages:
    """Report an `ALLOWED_HOSTS` that refuses everybody, admits everybody or matches nothing."""
    hosts = list(settings.ALLOWED_HOSTS)
    problem = "which matches nothing: write a host name without scheme, port or path."
    messages = [
        found("W012", f"ALLOWED_HOSTS has {host!r}, {problem}")
        for host in hosts
        if not _HOST_NAME.fullmatch(str(host))
    ]
    if in_production() and not hosts:
        text = "ALLOWED_HOSTS is empty and DEBUG is False: every request and WebSocket is refused."
        messages.append(found("E009", text))
    if in_production() and "*" in hosts:
        text = 'ALLOWED_HOSTS holds "*" and DEBUG is False: any site may open a WebSocket.'
        messages.append(found("W011", text))
    return messages


def check_channel_layers() -> Messages:
    """Report each layer that cannot be made, or that will not do what is expected of it."""
    layers = getattr(settings, "CHANNEL_LAYERS", None) or {}
    if not isinstance(layers, Mapping):
        kind = type(layers).__name__
        return [found("E008", f"CHANNEL_LAYERS is a {kind}; expected a dict of layers by alias.")]
    return [message for alias, config in layers.items() for message in _check_layer(alias, config)]


def _check_layer(alias: str, config: Any) -> Messages:
    name = f"CHANNEL_LAYERS[{alias!r}]"
    backend = config.get("BACKEND") if isinstance(config, Mapping) else None
    if not isinstance(backend, str):
        return [found("E008", f"{name} is {config!r}; expected a dict with a BACKEND.")]
    package = backend.split(".")[0]
    if not (package and importlib.util.find_spec(package)):
        command = f"python -m pip install {package.replace('_', '-')}"
        text = f"{name} uses {backend}, and the package {package} is not installed: {command}"
        return [found("E007", text)]
    try:
        layer = channel_layers.make_backend(alias)
        pools = _pools(layer)
        short = _short_timeouts(layer, pools)
    except Exception as error:
        return [found("E008", f"{name} cannot be made: {type(error).__name__}: {error}")]
    if isinstance(layer, InMemoryChannelLayer) and in_production():
        text = f"{name} is the in-memory layer and DEBUG is False: it reaches no other process."
        return [found("W009", text)]
    messages = []
    if short:
        text = (
            f"{name} has a socket_timeout of {', '.join(short)} s, no longer than it waits for "
            "messages: the wait ends in an error, and subscriptions with it."
        )
        messages.append(found("W010", text))
    if few := _few_connections(layer, pools):
        text = (
            f"{name} says no max_connections, so redis-py opens {few} to Redis at most: when more "
            'messages are sent at the same moment, some fail with "Too many connections".'
        )
        messages.append(found("W013", text))
    return messages


def _pools(layer: Any) -> list[Any]:
    """Return a pool of connections for each host of a `channels_redis.core.RedisChannelLayer`."""
    # Asked of the class: a pub/sub layer looks every attribute up in the running event loop.
    if not (hasattr(type(layer), "brpop_timeout") and hasattr(type(layer), "create_pool")):
        return []
    return [layer.create_pool(index) for index in range(layer.ring_size)]


def _few_connections(layer: Any, pools: list[Any]) -> int | None:
    """Return how many connections a host may have that does not say so itself, if they are few.

    redis-py 8 made 100 of what had been no limit.
    """
    unsaid = [
        pool.max_connections
        for host, pool in zip(layer.hosts if pools else (), pools, strict=True)
        if "max_connections" not in host and "max_connections=" not in str(host.get("address"))
    ]
    return min((most for most in unsaid if most <= _FEW), default=None)


def _short_timeouts(layer: Any, pools: list[Any]) -> list[str]:
    """Return the socket timeouts, in seconds, that end before the layer's own wait does.

    redis-py 8 gave every connection a `socket_timeout` of 5 s, which is also the `brpop_timeout` of
    `channels_redis.core.RedisChannelLayer`.
    """
    timeouts = {pool.make_connection().socket_timeout for pool in pools}
    return sorted(
        f"{each:g}" for each in timeouts if each is not None and each <= layer.brpop_timeout
    )


def check_sessions(with_session: Sequence[Endpoint]) -> Messages:
    """Report what keeps these endpoints from finding the user whom Django logged in."""
    if not with_session:
        return []
    needed = ["django.contrib.auth"]
    if settings.SESSION_ENGINE in _ENGINES_WITH_A_TABLE:
        needed.append("django.contrib.sessions")
    if lacking := " and ".join(name for name in needed if not apps.is_installed(name)):
        return [found("E012", f"GraphQL reads the session's user; INSTALLED_APPS lacks {lacking}.")]
    messages = []
    if missing := " and ".join(path for path in _MIDDLEWARE if not _is_middleware(path)):
        messages.append(found("W007", f"GraphQL reads the session; MIDDLEWARE lacks {missing}."))
    cookie_path = settings.SESSION_COOKIE_PATH or "/"
    for pattern in sorted({each.pattern for each in with_session}):
        if not _covers(cookie_path, pattern):
            text = (
                f"SESSION_COOKIE_PATH is {cookie_path!r}, so browsers do not send the session "
                f"cookie to GraphQL at {pattern!r}: its users are anonymous."
            )
            messages.append(found("W008", text))
    return messages


def _is_middleware(path: str) -> bool:
    """Tell whether `MIDDLEWARE` has this class or a subclass of it."""
    wanted = import_string(path)
    for each in settings.MIDDLEWARE:
        with suppress(ImportError):  # Django itself says so when it serves the first request.
            kind = import_string(each)
            if isinstance(kind, type) and issubclass(kind, wanted):
                return True
    return False


def _covers(cookie_path: str, pattern: str) -> bool:
    """Tell whether a path that `pattern` matches can be under `cookie_path`.

    Source: RFC 6265, section 5.1.4.
    """
    literal = re.split(r"[^\w/-]", pattern.replace("^", ""))[0]
    path = f"/{literal.strip('/')}/"
    cookie_path = cookie_path.rstrip("/") + "/"
    return path.startswith(cookie_path) or cookie_path.startswith(path)


def check_layer_of_schemas(served: Sequence[Endpoint]) -> Messages:
    """Report root fields that use a channel layer which `CHANNEL_LAYERS` does not have."""
    configured = getattr(settings, "CHANNEL_LAYERS", None)
    layers = configured if isinstance(configured, Mapping) else {}
    wanting: defaultdict[str, set[str]] = defaultdict(set)
    for endpoint in served:
        own = getattr(endpoint.consumer_class, "channel_layer_alias", "default")
        for field, alias in _fields_with_layer(endpoint.options["schema"], own):
            if alias not in layers:
                wanting[alias].add(field)
    return [
        found(
            "E006", f"CHANNEL_LAYERS has no {alias!r} layer; needed by {', '.join(sorted(fields))}."
        )
        for alias, fields in sorted(wanting.items())
        if fields
    ]


def _fields_with_layer(schema: Any, own: str) -> Iterator[tuple[str, str]]:
    """Yield the root fields that use a layer, and its alias: the consumer's own, or a topic's."""
    for root in ("query", "mutation", "subscription"):
        definition: Any = get_object_definition(getattr(schema, root, None))
        for field in definition.fields if definition else ():
            resolver = field.base_resolver
            function = inspect.unwrap(resolver.wrapped_func) if resolver else None
            if not isinstance(function, FunctionType):
                continue
            for name in _names(function.__code__):
                used = function.__globals__.get(name)
                if name in _USES_LAYER:
                    yield f"{definition.name}.{field.python_name}", own
                elif isinstance(used, Topic):
                    yield f"{definition.name}.{field.python_name}", used.layer


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _names(each)


def check_atomic_requests(served: Sequence[Endpoint]) -> Messages:
    """Report endpoints at which `ATOMIC_REQUESTS` does not make every mutation atomic."""
    aliases = ", ".join(map(repr, atomic_aliases()))
    partly = set()
    for endpoint in served if aliases else ():
        if endpoint.is_stock():
            partly.add(f"Strawberry's own consumer serves {endpoint}")
        elif endpoint.options["schema"].config.enable_experimental_incremental_execution:
            partly.add(f"the schema at {endpoint} may deliver results later")
    return [
        found("W015", f"ATOMIC_REQUESTS of {aliases} does not hold wholly: {reason}.")
        for reason in sorted(partly)
    ]


def check_daphne_limits(served: Sequence[Endpoint]) -> Messages:
    """Report limits of Daphne's that keep a long message from being answered with a close code.

    It drops the connection. These settings are those of its `runserver`; the command has flags.
    """
    ours = [each.options["max_message_size"] for each in served if not each.is_stock()]
    if not ours or not apps.is_installed("daphne"):
        return []
    limits = {name: getattr(settings, name, _DAPHNE_DEFAULT) for name in _DAPHNE_LIMITS}
    low = [f"{name} is {limit}" for name, limit in limits.items() if 0 < limit <= max(ours)]
    if not low:
        return []
    text = (
        f"{' and '.join(low)}, not above max_message_size ({max(ours)}): Daphne drops the "
        "connection of a longer message without a close code, and its client connects again."
    )
    return [found("W014", text)]


def check_options() -> Messages:
    """Report keys of `STRAWBERRY_DJANGO_REALTIME` that are unknown and values of the wrong type."""
    declared = getattr(settings, conf.SETTING, {})
    if not isinstance(declared, Mapping):
        kind = type(declared).__name__
        return [found("E011", f"{conf.SETTING} is a {kind}; expected a dict of options.")]
    messages = []
    names = {name.upper(): name for name in conf.DEFAULTS}
    for key, value in declared.items():
        if key not in names:
            near = difflib.get_close_matches(str(key).upper(), names, n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            messages.append(found("E011", f"{conf.SETTING} has the unknown key {key!r}.{guess}"))
        elif words := conf.expected(names[key], value):
            text = f"{conf.SETTING}[{key!r}] is {value!r}; expected {words}."
            messages.append(found("E011", text))
    return messages
