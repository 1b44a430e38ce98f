"""The facts: what the pages say in numbers, made of the code that it is about.

Each is a file, as seen from the checkout, and a text with its numbers taken from where they are
decided: our defaults, the protocol, the packages that a sentence is about, or the tools. May import
the library, those packages, tools.matrix.cells and its siblings, but for `check` and `names`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from tools.matrix.cells import PYTHONS, VARIED
from tools.prose import codes, counts, outside, statuses, tables
from tools.prose.places import CHANNELS, CLIENTS, COMPATIBILITY, SECURITY, TESTING, TUTORIAL
from tools.prose.read import lowest_python
from tools.prose.text import in_words

Fact = tuple[str, str]

#: How often npm packages try again by themselves; tests/tools/test_prose_facts.py reads it in them.
RETRIES = {"graphql-ws": 5, "graphql-sse": 5}


def facts() -> Iterator[Fact]:
    """Yield each file with a text that must be in it."""
    from strawberry_django.realtime.conf import DEFAULTS
    from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator

    yield CLIENTS, f"ping every {DEFAULTS['ping_interval']} seconds"
    yield SECURITY, f"says how often ({DEFAULTS['session_revalidate_interval']} seconds by default)"
    yield CHANNELS, f"at the latest: {DEFAULTS['session_revalidate_interval']} seconds"
    yield CLIENTS, f"**`retryAttempts`.** The default is {in_words(RETRIES['graphql-ws'])}."
    yield CLIENTS, f"It tries again {in_words(RETRIES['graphql-sse'])} times"
    timeout = inspect.signature(GraphQLWebsocketCommunicator).parameters["timeout"].default
    yield TESTING, f"within {in_words(timeout)} seconds"
    for sentences in (codes, statuses, counts, outside):
        yield from sentences.sentences()
    yield from tables.rows()
    yield from _requirements()
    yield from _channel_layers()


def _requirements() -> Iterator[Fact]:
    yield CHANNELS, f"You need Python {lowest_python()} or newer"
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
