"""A warning, with `DEBUG`, of the field whose resolver holds up the event loop.

Ground: imports `_upstream` only. A plain `def` resolver runs on the event loop, and so does what an
`async def` computes between two awaits. While it runs, the process serves nobody else.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from django.conf import settings

from ._upstream.frameworks import field_that_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("strawberry_django.realtime")

#: Seconds for which a resolver may hold up the loop before it is named.
LIMIT = 0.1

#: The fields that were named already.
_named: set[str] = set()

_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopWatch] = WeakKeyDictionary()


class LoopWatch:
    """See whether a loop has its turns while operations are under way.

    The loop notes the time at each turn, and a thread looks at the note.
    """

    def __init__(self) -> None:
        self._thread_of_loop = threading.get_ident()
        self._last_turn = 0.0
        self._operations = 0
        self._idle = threading.Event()

    def begin(self) -> None:
        """Note that an operation begins."""
        self._operations += 1
        if self._operations == 1:
            self._idle.clear()
            self._turn()
            name = "strawberry_django_realtime_blocking"
            threading.Thread(target=self._look, args=(self._idle,), name=name, daemon=True).start()

    def end(self) -> None:
        """Note that an operation has ended."""
        self._operations -= 1
        if not self._operations:
            self._idle.set()
            self._idle = threading.Event()

    def _turn(self) -> None:
        self._last_turn = time.monotonic()
        if self._operations:
            asyncio.get_running_loop().call_later(LIMIT / 4, self._turn)

    def _look(self, idle: threading.Event) -> None:
        before = None
        while not idle.wait(LIMIT / 2):
            field = None
            if time.monotonic() - self._last_turn > LIMIT / 2:
                field = field_that_runs(self._thread_of_loop)
                if field is not None and field == before and field not in _named:
                    _named.add(field)
                    logger.warning(
                        "The resolver of %s has held up the event loop for more than %d ms: this "
                        "process serves nobody else meanwhile. Give it to a thread with "
                        "strawberry_django.field or sync_to_async, or await what it waits for.",
                        field,
                        LIMIT * 1000,
                    )
            before = field


@contextmanager
def watching_the_loop() -> Iterator[None]:
    """With `DEBUG`, name the resolver that holds up the loop inside the block."""
    if not settings.DEBUG:
        yield
        return
    watch = _watches.setdefault(asyncio.get_running_loop(), LoopWatch())
    watch.begin()
    try:
        yield
    finally:
        watch.end()
