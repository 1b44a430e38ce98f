"""Waiting with a bound, on each version of Python.

Ground: imports nothing of its siblings. `asyncio.wait_for` loses a cancellation that comes with the
result, before Python 3.12; `asyncio.timeout`, which has come with 3.11, does not.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Collection
from typing import Any

if sys.version_info >= (3, 11):
    from asyncio import timeout as within
else:  # pragma: no cover - Python 3.10
    from async_timeout import timeout as within

__all__ = ["expire", "expired", "is_cancelled", "let_end", "within"]

logger = logging.getLogger("strawberry_django.realtime")

#: Seconds for which the operations of a closed socket may go on, in what `finally` says.
LAST_WORDS = 10.0


def expire(limit: Any) -> bool:
    """End the block of `within(…) as limit` now, as if its time were over.

    Returns:
        Whether the block was still entered.
    """
    end = getattr(limit, "reschedule", None) or limit.update
    try:
        end(asyncio.get_running_loop().time())
    except RuntimeError:
        return False
    return True


def expired(limit: Any) -> bool:
    """Tell whether the block of `within(…) as limit` was ended for its time."""
    over = limit.expired
    return bool(over() if callable(over) else over)


def is_cancelled() -> bool:
    """Tell whether the running task itself is cancelled, where it has met a `CancelledError`.

    If not, something that it awaits was. Before Python 3.11 nobody can tell, and it is.
    """
    cancelling = getattr(asyncio.current_task(), "cancelling", None)
    return cancelling is None or bool(cancelling())


async def let_end(operations: Collection[asyncio.Task[Any]]) -> None:
    """Wait until cancelled operations have ended; who takes too long is cancelled again and left.

    A `finally` that never ends must not keep its closed socket among those that are open.
    """
    if not operations:
        return
    _, going_on = await asyncio.wait(operations, timeout=LAST_WORDS)
    for task in going_on:
        task.cancel()
    if going_on:
        logger.error(
            "Operations that still run %g s after their socket closed: %d",
            LAST_WORDS,
            len(going_on),
        )
