"""How much one client may do: how fast it sends, and how many sockets it has open.

Ground: imports nothing of its siblings.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


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
    """Count the open sockets of this process, by who has them."""

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


#: The sockets of this process.
open_sockets = OpenSockets()
