"""Where the history of a topic is kept: in memory or in Redis, by its channel layer.

Imports its siblings and the ground modules.
"""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakKeyDictionary

from ..exceptions import ChannelLayerError
from .feeds import is_embedded, layer_of
from .history import History
from .hosts import Hosts
from .ring import Rings
from .store import Store
from .streams import Streams


def store_of(topic: str, alias: str, history: History) -> Store:
    """Return the store of a topic.

    Args:
        topic: its name.
        alias: the name of its layer.
        history: how much it remembers.

    Raises:
        ChannelLayerError: its layer has no Redis, and its history names none.
    """
    layer = layer_of(alias)
    with _lock:
        if history.redis_url is not None:
            return _known(Hosts.at(history.redis_url), history)
        if is_embedded(layer):
            return _in_memory.setdefault((topic, history), Rings(history))
        hosts = Hosts.of(layer)
        if hosts is not None:
            return _known(hosts, history)
    raise ChannelLayerError(
        f"The topic {topic!r} has a history, and {type(layer).__qualname__} keeps none. "
        "Use a layer of channels_redis, or History(redis_url=…)."
    )


def _known(hosts: Hosts, history: History) -> Streams:
    return _in_redis.setdefault(hosts, {}).setdefault(history, Streams(history, hosts))


_lock = threading.Lock()
_in_memory: dict[Any, Rings] = {}
_in_redis: WeakKeyDictionary[Hosts, dict[History, Streams]] = WeakKeyDictionary()
