"""How much one client may do: how fast it sends, and how many sockets and streams it has open.

Ground: imports `conf` only.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import Self

from .conf import UNIX

if TYPE_CHECKING:
    from .conf import RealtimeOptions


class RateLimit:
    """Allow `rate` events in a second, and as many at once, but at least one (a token bucket).

    Args:
        rate: events in a second; `None` allows any number.
    """

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._most = max(rate, 1.0) if rate else 0.0
        self._tokens = self._most
        self._filled = time.monotonic()

    def allows(self) -> bool:
        """Count one event, and tell whether it is within the limit."""
        if self._rate is None:
            return True
        now = time.monotonic()
        gained = (now - self._filled) * self._rate
        self._tokens = min(self._most, self._tokens + gained)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class OpenSockets:
    """Count the open sockets and streams of this process, by who has them."""

    def __init__(self) -> None:
        self._open: Counter[Hashable] = Counter()

    @contextmanager
    def counted(self, key: Hashable, most: int) -> Iterator[bool]:
        """Count a socket under `key` inside the block.

        Yields:
            Whether there are now more than `most`.
        """
        self._open[key] += 1
        try:
            yield self._open[key] > most
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]


#: The sockets and streams of this process.
open_sockets = OpenSockets()


class Place:
    """Count one socket or stream inside the block, by its user and its address.

    Args:
        options: the resolved options.

    Attributes:
        surplus: why it is one too many, if it is.
    """

    def __init__(self, options: RealtimeOptions) -> None:
        self._options = options
        self._stack: ExitStack | None = None  # Most sockets need none.
        self.surplus: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stack is not None:
            self._stack.close()

    def take_for_user(self, key: Hashable | None) -> None:
        """Count it among those of the user with this primary key; strangers are none."""
        self._take("user", key, "max_sockets_per_user")

    def take_for_address(self, meta: Mapping[str, Any]) -> None:
        """Count it among those of the address that a request (its `META`) comes from."""
        if self._options["max_sockets_per_address"] is not None:
            address = client_address(meta, self._options["trusted_proxies"])
            self._take("address", address, "max_sockets_per_address")

    def _take(
        self,
        what: str,
        who: Hashable | None,
        option: Literal["max_sockets_per_address", "max_sockets_per_user"],
    ) -> None:
        most = self._options[option]
        if who is None or most is None:
            return
        if self._stack is None:
            self._stack = ExitStack()
        if self._stack.enter_context(open_sockets.counted((what, who), most)):
            self.surplus = f"More than {most} open sockets and streams of one {what} ({option})"


def client_address(meta: Mapping[str, Any], trusted: Sequence[str]) -> str | None:
    """Return the address that a request comes from, as it is counted; an IPv6 one is its /64.

    It is `REMOTE_ADDR`, as the server tells it. Where that is a trusted proxy's, it is the
    last address in `X-Forwarded-For` that is not: what stands before, the client may have
    made up. A subscriber of IPv6 has at least a /64 (RFC 6177).

    Args:
        meta: the `META` of the request.
        trusted: the option `trusted_proxies`.
    """
    peer = meta.get("REMOTE_ADDR")
    address = _parsed(peer or "")
    if peer and address is None:
        return str(peer)  # Some servers give a name.
    hops = str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    while hops and _is_trusted(address, tuple(trusted)):
        hop = _parsed(hops.pop())
        if hop is None:
            break
        address = hop
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return None if address is None else str(address)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in `text`, which some proxies write with a port."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: IPv4Address | IPv6Address | None, trusted: tuple[str, ...]) -> bool:
    """Tell whether a proxy has this address; a Unix socket has none."""
    if address is None:
        return UNIX in trusted
    return any(address in network for network in _networks(trusted))


@lru_cache
def _networks(trusted: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(each, strict=False) for each in trusted if each != UNIX]
