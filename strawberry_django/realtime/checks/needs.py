"""What the served schema needs of the settings: its session, and its channel layer."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

from .catalogue import found

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from .application import Endpoint

_USES = frozenset({"listen_to_channel", "get_channel_layer"})
_ENGINES_WITH_A_TABLE = frozenset(
    {"django.contrib.sessions.backends.db", "django.contrib.sessions.backends.cached_db"}
)
_MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)


def check_sessions(with_session: Sequence[Endpoint]) -> list[CheckMessage]:
    """Report what keeps these endpoints from finding the user whom Django logged in."""
    if not with_session:
        return []
    return _check_apps() or [*_check_middleware(), *_check_cookie_path(with_session)]


def _check_apps() -> list[CheckMessage]:
    needed = ["django.contrib.auth"]
    if settings.SESSION_ENGINE in _ENGINES_WITH_A_TABLE:
        needed.append("django.contrib.sessions")
    names = " and ".join(name for name in needed if not apps.is_installed(name))
    if not names:
        return []
    return [found("E012", f"GraphQL reads the session's user; INSTALLED_APPS lacks {names}.")]


def _check_middleware() -> list[CheckMessage]:
    classes = [each for each in map(_imported, settings.MIDDLEWARE) if isinstance(each, type)]
    missing = [
        path
        for path in _MIDDLEWARE
        if not any(issubclass(each, import_string(path)) for each in classes)
    ]
    text = f"GraphQL reads the session; MIDDLEWARE lacks {' and '.join(missing)}."
    return [found("W007", text)] if missing else []


def _imported(path: str) -> object:
    try:
        return import_string(path)
    except ImportError:
        return None  # Django itself says so when it serves the first request.


def _check_cookie_path(with_session: Sequence[Endpoint]) -> list[CheckMessage]:
    cookie_path = settings.SESSION_COOKIE_PATH or "/"
    patterns = {each.pattern for each in with_session}
    return [
        found(
            "W008",
            f"SESSION_COOKIE_PATH is {cookie_path!r}, so browsers do not send the session cookie "
            f"to GraphQL at {pattern!r}: its users are anonymous.",
        )
        for pattern in sorted(patterns)
        if not _covers(cookie_path, pattern)
    ]


def _covers(cookie_path: str, pattern: str) -> bool:
    """Tell whether a path that `pattern` matches can be under `cookie_path`.

    Source: RFC 6265, section 5.1.4.
    """
    literal = takewhile(
        lambda letter: letter.isalnum() or letter in "-_/", pattern.replace("^", "")
    )
    path = "/" + "".join(literal).strip("/") + "/"
    cookie_path = cookie_path.rstrip("/") + "/"
    return path.startswith(cookie_path) or cookie_path.startswith(path)


def check_layer_of_schemas(served: Sequence[Endpoint]) -> list[CheckMessage]:
    """Report root fields that use a channel layer which `CHANNEL_LAYERS` does not have."""
    configured = getattr(settings, "CHANNEL_LAYERS", None)
    layers = configured if isinstance(configured, Mapping) else {}
    wanting: dict[str, set[str]] = {}
    for endpoint in served:
        alias = getattr(endpoint.consumer_class, "channel_layer_alias", "default")
        if alias not in layers:
            fields = wanting.setdefault(alias, set())
            fields.update(_fields_with_layer(endpoint.options["schema"]))
    return [
        found(
            "E006", f"CHANNEL_LAYERS has no {alias!r} layer; needed by {', '.join(sorted(fields))}."
        )
        for alias, fields in sorted(wanting.items())
        if fields
    ]


def _fields_with_layer(schema: Any) -> Iterator[str]:
    roots = [getattr(schema, name, None) for name in ("query", "mutation", "subscription")]
    definitions = [getattr(root, "__strawberry_definition__", None) for root in roots]
    for definition in filter(None, definitions):
        for field in definition.fields:
            resolver = field.base_resolver
            function = inspect.unwrap(resolver.wrapped_func) if resolver else None
            if isinstance(function, FunctionType) and _uses_layer(function.__code__):
                yield f"{definition.name}.{field.python_name}"


def _uses_layer(code: CodeType) -> bool:
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return not _USES.isdisjoint(code.co_names) or any(map(_uses_layer, inner))
