"""Whether the channel layers of `CHANNEL_LAYERS` can do their work.

Imports the messages, `hosts` and Channels. A layer is made to see that it can be; none connects.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from channels.layers import InMemoryChannelLayer, channel_layers
from django.conf import settings

from .hosts import in_production
from .messages import found

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

_DISTRIBUTIONS = {
    "channels_redis": "channels-redis",
    "channels_valkey": "channels-valkey",
    "channels_rabbitmq": "channels-rabbitmq",
    "channels_postgres": "channels-postgres",
}


def configured_layers() -> Mapping[str, Any]:
    """Return `CHANNEL_LAYERS`, or nothing when it is unset or no mapping."""
    layers = getattr(settings, "CHANNEL_LAYERS", None)
    return layers if isinstance(layers, Mapping) else {}


def check_channel_layers() -> list[CheckMessage]:
    """Report each layer that cannot be made, or that will not do what is expected of it."""
    layers = getattr(settings, "CHANNEL_LAYERS", None) or {}
    if not isinstance(layers, Mapping):
        kind = type(layers).__name__
        return [found("E008", f"CHANNEL_LAYERS is a {kind}; expected a dict of layers by alias.")]
    return [message for alias, config in layers.items() for message in _check_layer(alias, config)]


def _check_layer(alias: str, config: Any) -> list[CheckMessage]:
    backend = config.get("BACKEND") if isinstance(config, Mapping) else None
    if not isinstance(backend, str):
        text = f"CHANNEL_LAYERS[{alias!r}] is {config!r}; expected a dict with a BACKEND."
        return [found("E008", text)]
    package = backend.split(".")[0]
    if not _is_installed(package):
        command = f"python -m pip install {_DISTRIBUTIONS.get(package, package)}"
        text = (
            f"CHANNEL_LAYERS[{alias!r}] uses {backend}, and the package {package} is not "
            f"installed. Install it: {command}"
        )
        return [found("E007", text)]
    try:
        layer = channel_layers.make_backend(alias)
        short = _short_timeouts(layer)
    except Exception as error:
        text = f"CHANNEL_LAYERS[{alias!r}] cannot be made: {type(error).__name__}: {error}"
        return [found("E008", text)]
    if isinstance(layer, InMemoryChannelLayer) and in_production():
        text = (
            f"CHANNEL_LAYERS[{alias!r}] is the in-memory layer and DEBUG is False: what one "
            "process publishes reaches no subscriber of another."
        )
        return [found("W009", text)]
    if short:
        text = (
            f"CHANNEL_LAYERS[{alias!r}] waits for messages as long as its connections may idle "
            f"(socket_timeout {', '.join(short)} s): waiting ends in an error, and with it the "
            "subscriptions."
        )
        return [found("W010", text)]
    return []


def _is_installed(package: str) -> bool:
    return bool(package) and importlib.util.find_spec(package) is not None


def _short_timeouts(layer: Any) -> list[str]:
    """Return the socket timeouts, in seconds, that end before the layer's own wait does.

    redis-py 8 gave every connection a `socket_timeout` of 5 s, which is also the `brpop_timeout` of
    `channels_redis.core.RedisChannelLayer`.
    """
    # Asked of the class: a pub/sub layer looks every attribute up in the running event loop.
    if not (hasattr(type(layer), "brpop_timeout") and hasattr(type(layer), "create_pool")):
        return []
    pools = [layer.create_pool(index) for index in range(layer.ring_size)]
    timeouts = {pool.make_connection().socket_timeout for pool in pools}
    return sorted(
        f"{each:g}" for each in timeouts if each is not None and each <= layer.brpop_timeout
    )
