"""The Redis hosts that a channel layer is configured with, asked without the layer.

Imports the ground modules.
"""

from __future__ import annotations

import asyncio
import os
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from .._upstream.hosts import async_client, configured_hosts, index_of_host, sync_client


class Hosts:
    """The hosts of one layer, and this process's own connections to them.

    Attributes:
        prefix: that of the layer's keys.
    """

    def __init__(self, hosts: list[dict[str, Any]], prefix: str) -> None:
        self._hosts = hosts
        self.prefix = prefix
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, Any]] = (
            WeakKeyDictionary()
        )
        self._sync: dict[int, Any] = {}

    @classmethod
    def of(cls, layer: Any) -> Hosts | None:
        """Return those of a layer; `None` if it is none of channels_redis's."""
        known = _known.get(layer)
        if known is None and (configured := configured_hosts(layer)) is not None:
            known = _known[layer] = cls(*configured)
        return known

    @classmethod
    def at(cls, url: str) -> Hosts:
        """Return the one host of a URL."""
        return _host_at(url)

    def index(self, name: str) -> int:
        """Return which host has what is called `name`."""
        return index_of_host(name, len(self._hosts))

    def sync(self, index: int, seconds: float) -> Any:
        """Return the client of a host for synchronous code, one thread at a time.

        Args:
            index: which host.
            seconds: for which a command may take.
        """
        if index not in self._sync:
            self._sync[index] = sync_client(self._hosts[index], seconds)
        return self._sync[index]

    def client(self, index: int) -> Any:
        """Return the client of a host for the running event loop."""
        loop = asyncio.get_running_loop()
        clients = self._clients.setdefault(loop, {})
        if index not in clients:
            clients[index] = async_client(self._hosts[index], loop)
        return clients[index]


@cache
def _host_at(url: str) -> Hosts:
    return Hosts([{"address": url}], "asgi")


_known: WeakKeyDictionary[Any, Hosts] = WeakKeyDictionary()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_known.clear)
    os.register_at_fork(after_in_child=_host_at.cache_clear)
