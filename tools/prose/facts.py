"""The facts: what the pages say in numbers, made of the code that it is about.

Each is a page and a text with its numbers taken from where they are decided: our defaults, the
protocol, or the packages that a sentence is about. May import the library, those
packages, tools.matrix.cells and its siblings `codes` and `text`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from tools.matrix.cells import PYTHONS, VARIED
from tools.prose import codes
from tools.prose.text import in_words

ROOT = Path(__file__).resolve().parents[2]

Fact = tuple[str, str]

CHANNELS = "integrations/channels.md"
COMPATIBILITY = "compatibility.md"
CLIENTS = "guide/clients.md"
ROUTER = "reference/router.md"
SECURITY = "guide/security.md"
TESTING = "guide/testing.md"
TUTORIAL = "guide/subscriptions.md"
#: How often npm packages try again by themselves; tests/tools/test_prose_facts.py reads it in them.
RETRIES = {"graphql-ws": 5, "graphql-sse": 5}


def facts() -> Iterator[Fact]:
    """Yield each page with a text that must be on it."""
    from strawberry_django.realtime.conf import DEFAULTS

    yield CLIENTS, f"ping every {DEFAULTS['ping_interval']} seconds"
    yield SECURITY, f"says how often ({DEFAULTS['session_revalidate_interval']} seconds by default)"
    yield CHANNELS, f"at the latest: {DEFAULTS['session_revalidate_interval']} seconds"
    yield CLIENTS, f"**`retryAttempts`.** The default is {in_words(RETRIES['graphql-ws'])}."
    yield CLIENTS, f"It tries again {in_words(RETRIES['graphql-sse'])} times"
    yield from _signatures()
    yield from codes.sentences()
    yield SECURITY, "the answer is a 4xx, never a 500"
    yield from _requirements()
    yield from _channel_layers()
    for name, shown in _table_defaults(DEFAULTS):
        anchor = f"[`{name}`](../reference/options.md#{name.replace('_', '-')})"
        yield CHANNELS, f"| {anchor} | {shown} |"


def _table_defaults(defaults: Any) -> Iterator[tuple[str, str]]:
    """Yield the options that the integration page has in a table, as it words their defaults."""
    words: dict[str, Callable[[Any], str]] = {
        "graphql_ide": partial(_one, {"auto": "GraphiQL with `DEBUG`"}),
        "subscription_protocols": lambda value: ", ".join(map(_protocol, value)),
        "connection_init_wait_timeout": _duration,
        "max_message_size": _size,
    }
    for name in (
        *("graphql_ide", "allow_queries_via_get", "multipart_uploads_enabled"),
        *("subscription_protocols", "connection_init_wait_timeout"),
        *("max_subscriptions_per_connection", "keep_alive", "allowed_origins"),
        *("allow_missing_origin", "django_middleware", "session_revalidate_interval"),
        *("on_connect", "max_message_size"),
    ):
        yield name, words.get(name, lambda value: f"`{value!r}`")(defaults[name])


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


def _signatures() -> Iterator[Fact]:
    from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator
    from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

    timeout = inspect.signature(GraphQLWebsocketCommunicator).parameters["timeout"].default
    yield TESTING, f"within {in_words(timeout)} seconds"
    taken = inspect.signature(AuthGraphQLProtocolTypeRouter).parameters.values()
    count = sum(one.kind is one.POSITIONAL_OR_KEYWORD for one in taken)
    yield ROUTER, f"its {in_words(count)} parameters"


def _requirements() -> Iterator[Fact]:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lowest = re.search(r'^requires-python = ">=([\d.]+)"$', project, re.MULTILINE)
    assert lowest
    yield CHANNELS, f"You need Python {lowest[1]} or newer"
    yield COMPATIBILITY, f"Python {PYTHONS[0]} to {PYTHONS[-1]}"
    yield COMPATIBILITY, f"the {in_words(len(VARIED))} packages above"


def _channel_layers() -> Iterator[Fact]:
    import redis
    from channels.layers import BaseChannelLayer
    from channels_redis.core import RedisChannelLayer
    from redis.asyncio import Connection, ConnectionPool

    layer = RedisChannelLayer()
    yield CHANNELS, f"yes, with redis-py {redis.VERSION[0]}"
    yield CHANNELS, f"The core layer with redis-py {redis.VERSION[0]}"
    yield CHANNELS, f"`socket_timeout` is {Connection().socket_timeout} seconds"
    yield CHANNELS, f"the layer waits {layer.brpop_timeout} seconds"
    yield CHANNELS, f"Set it **above {layer.brpop_timeout}**"
    yield CHANNELS, f"`max_connections` is {ConnectionPool().max_connections}."
    yield CHANNELS, f"`capacity` is {layer.capacity} messages"
    yield TUTORIAL, f"at most {BaseChannelLayer.MAX_NAME_LENGTH - 1} characters"
