"""Of the Redis hosts that channels_redis is configured with.

Ground: imports nothing.
"""

# ruff: noqa: SLF001 - the rule that holds everywhere else

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

#: How often a command is sent again on a connection that turns out to be closed.
_AGAIN = 1


def configured_hosts(layer: Any) -> tuple[list[dict[str, Any]], str] | None:
    """Return the hosts and the key prefix of one of channels_redis's layers; `None` for others."""
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(layer).__mro__}
    if "channels_redis.core.RedisChannelLayer" in kinds:
        return layer.hosts, layer.prefix
    if "channels_redis.pubsub.RedisPubSubChannelLayer" in kinds:
        from channels_redis.utils import decode_hosts

        given = dict(zip(("hosts", "prefix"), layer._args, strict=False)) | layer._kwargs
        return decode_hosts(given.get("hosts")), given.get("prefix", "asgi")
    return None


def index_of_host(name: str, count: int) -> int:
    """Return which of so many hosts has what is called `name`, as channels_redis chooses it."""
    from channels_redis.utils import _consistent_hash

    index: int = _consistent_hash(name, count)
    return index


def published_by(layer: Any, group: str, message: Any) -> tuple[int, str, bytes] | None:
    """Return the host, the channel and the bytes by which the pub/sub layer sends to a group.

    `None` for another layer, and for one that does more than channels_redis's own.
    """
    kind = type(layer)
    if (kind.__module__, kind.__qualname__) != ("channels_redis.pubsub", "RedisPubSubChannelLayer"):
        return None
    known = configured_hosts(layer)
    assert known is not None
    hosts, prefix = known
    channel = f"{prefix}__group__{group}"
    return index_of_host(channel, len(hosts)), channel, layer.serialize(message)


def async_client(host: dict[str, Any], loop: asyncio.AbstractEventLoop) -> Any:
    """Return a client of a host for an event loop, made as channels_redis makes its own.

    It is closed with the loop, as channels_redis closes its own.
    """
    from channels_redis.utils import _close_redis, _wrap_close, create_pool
    from redis import asyncio as redis

    client = redis.Redis(connection_pool=create_pool(host))

    class _Closing:
        _layers: dict[Any, Any]

        async def flush(self) -> None:
            await _close_redis(client)

    closing = _Closing()
    closing._layers = {loop: closing}
    _wrap_close(closing, loop)
    return client


def sync_client(host: dict[str, Any], seconds: float) -> Any:
    """Return a client of a host for synchronous code, with one connection.

    Args:
        host: as channels_redis has it.
        seconds: for which one command may take, unless the host has a `socket_timeout`.

    Raises:
        TypeError: the host has an option that only an asynchronous client takes.
    """
    import redis
    from redis import sentinel
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as DisconnectedError
    from redis.retry import Retry

    options = {"socket_timeout": seconds, "socket_connect_timeout": seconds, **host}
    # An event whose answer has not come in time may have been published: it is not sent again.
    options["retry"] = Retry(NoBackoff(), _AGAIN, (DisconnectedError,))
    kind = options.get("connection_class")
    if kind is not None and kind.__module__.startswith("redis.asyncio"):
        options["connection_class"] = getattr(redis, kind.__name__)
    pool: Any
    untyped: Any = sentinel
    if "address" in options:
        pool = redis.ConnectionPool.from_url(options.pop("address"), **options)
    elif options.get("master_name") is not None:
        master, sentinels = options.pop("master_name"), options.pop("sentinels")
        asked = untyped.Sentinel(sentinels, sentinel_kwargs=options.pop("sentinel_kwargs", None))
        pool = untyped.SentinelConnectionPool(master, asked, **options)
    else:
        options.pop("master_name", None)
        pool = redis.ConnectionPool(**options)
    return redis.Redis(connection_pool=pool)
