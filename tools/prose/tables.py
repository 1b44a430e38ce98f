"""The tables: the rows of the integration page that say what is a default of what.

May import the library and its siblings `places`, `read` and `resolve`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from tools.prose.places import CHANNELS
from tools.prose.read import function
from tools.prose.resolve import parsed


def rows() -> Iterator[tuple[str, str]]:
    """Yield the page with the beginning of each row."""
    for name, shown in (*_parameters(), *_options()):
        yield CHANNELS, f"| {name} | {shown} |"


def _parameters() -> Iterator[tuple[str, str]]:
    """Yield the parameters of the router, and what they are without being given."""
    from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

    for one in inspect.signature(AuthGraphQLProtocolTypeRouter.__init__).parameters.values():
        if one.kind is one.POSITIONAL_OR_KEYWORD and one.name != "self":
            required = one.default is one.empty
            yield f"`{one.name}`", "required" if required else f"`{_double_quoted(one.default)}`"


def _double_quoted(value: object) -> str:
    return repr(value).replace("'", '"')


def _options() -> Iterator[tuple[str, str]]:
    """Yield the options that have a row, as the page words their defaults."""
    from strawberry_django.realtime.conf import DEFAULTS

    defaults: dict[str, Any] = {**DEFAULTS}
    words: dict[str, Callable[[Any], str]] = {
        "graphql_ide": partial(_one, {"auto": "GraphiQL with `DEBUG`"}),
        "subscription_protocols": lambda value: ", ".join(map(_protocol, value)),
        "connection_init_wait_timeout": _duration,
        "session_auth": lambda _: f"`{_session_auth_of_the_router()!r}` on the router",
        "max_message_size": _size,
    }
    for name in (
        *("graphql_ide", "allow_queries_via_get", "multipart_uploads_enabled"),
        *("subscription_protocols", "connection_init_wait_timeout"),
        *("max_subscriptions_per_connection", "keep_alive", "allowed_origins"),
        *("allow_missing_origin", "session_auth", "django_middleware"),
        *("session_revalidate_interval", "on_connect", "max_message_size"),
    ):
        anchor = f"[`{name}`](../reference/options.md#{name.replace('_', '-')})"
        yield anchor, words.get(name, lambda value: f"`{value!r}`")(defaults[name])


def _session_auth_of_the_router() -> bool:
    """Return what the router takes where neither a keyword nor the setting says it."""
    (value,) = (
        ast.literal_eval(node.args[1])
        for node in ast.walk(function(parsed("strawberry_django.realtime.routing"), "__init__"))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(").get")
        and ast.literal_eval(node.args[0]) == "session_auth"
    )
    assert isinstance(value, bool)
    return value


def _one(words: dict[str, str], value: str) -> str:
    return words[value]


def _protocol(name: str) -> str:
    words = {"graphql-transport-ws": "WebSocket", "multipart-subscription": "multipart"}
    return {**words, "graphql-sse": "SSE"}[name]


def _duration(value: timedelta) -> str:
    minutes = value / timedelta(minutes=1)
    assert minutes.is_integer()
    return f"{minutes:.0f} minute" + ("" if minutes == 1 else "s")


def _size(value: int) -> str:
    assert value % 2**20 == 0
    return f"{value // 2**20} MiB"
