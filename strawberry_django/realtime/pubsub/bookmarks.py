"""Where the operations of clients are, so that a client that comes back goes on.

Imports its siblings and the ground modules. graphql-ws makes the id of an operation once, a UUID,
and sends it again with the same document after each reconnect. What the client has read is known by
its pongs. So the id finds after which events the operation goes on; it finds that and nothing else,
and only for who began it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import math
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakKeyDictionary

from ..exceptions import ChannelLayerError
from ..waiting import within
from .history import Positions
from .progress import Progress
from .store import Entry, Found

if TYPE_CHECKING:
    from ..conf import OperationRequest
    from ..interfaces import Posting
    from .store import Store

logger = logging.getLogger("strawberry_django.realtime")

#: Seconds between two times at which bookmarks are written, after which one that has not changed is
#: written again, and for which Redis may take that.
_WRITE, _WRITE_AGAIN, _WRITTEN_WITHIN = 1.0, 60.0, 4.0

#: Seconds for which clients may answer before their bookmarks are written.
_ANSWERED_IN = 0.2

#: How many results are told apart that the client has not acknowledged.
_MOST_MARKS = 64


class Bookmark:
    """Where one operation is.

    Args:
        operation_id: as the client has it.
        request: what it asks.
        identify: returns who it is, and so who may go on; `None` for nobody.
        outlet: what sends its results.
        replaced: called when another socket goes on with the operation.
    """

    def __init__(
        self,
        operation_id: str,
        request: OperationRequest,
        identify: Callable[[], Awaitable[str | None]],
        outlet: Posting,
        replaced: Callable[[], None],
    ) -> None:
        self.progress = Progress(self._resume)
        self.replaced = replaced
        self._id = operation_id
        self._request = request
        self._identify = identify
        self._outlet = outlet
        self._entry: Entry | None = None
        self._marks: list[tuple[int | None, Positions]] = []
        self._waits = _nothing_waits
        self._written: Positions = {}
        self._written_at = 0.0
        self._begins_at = 0.0

    async def _resume(self, store: Store, starts: Positions) -> Positions:
        return (await self.claim(store, starts, create=True)).positions

    async def claim(self, store: Store, starts: Positions, *, create: bool) -> Found:
        """Take over what was written of the operation.

        Raises:
            ChannelLayerError: Redis has failed, or does not answer.
        """
        entry = await self._its_entry()
        if entry is None:
            return Found(starts, known=False)
        keeper = Keeper.current()
        try:
            async with within(_WRITTEN_WITHIN):
                await keeper.hand_over(entry.key, self)
                found = await store.shelf.claim(entry, starts, create=create)
        except Exception as error:
            raise ChannelLayerError("The history cannot be read. Subscribe again.") from error
        if not create and not found.known:
            self.begin_again()
        keeper.add(self, again=found.known)
        return found

    async def _its_entry(self) -> Entry | None:
        if self._entry is None:
            who = await self._identify()
            if who is None:
                return None
            asked = self._request
            said = [asked.query, asked.operation_name, asked.variables, asked.extensions]
            self._entry = Entry(
                hashlib.sha256(json.dumps([who, self._id]).encode()).hexdigest()[:40],
                hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:40],
                secrets.token_hex(8),
            )
        return self._entry

    def follow(self, progress: Progress, waits: Callable[[], bool]) -> None:
        """Follow a shared execution.

        Args:
            progress: how far that has come.
            waits: tells whether results are still to be sent.
        """
        self.progress, self._waits = progress, waits

    def note_sent(self, finished: Positions | None = None) -> None:
        """Note that a result was sent, or waits to be.

        Args:
            finished: how far the operation had come when it made the result; by default as now.
        """
        finished = self.progress.finished if finished is None else finished
        here = None if self._waits() else self._outlet.sent
        if len(self._marks) >= _MOST_MARKS:
            self._marks[-1] = here, self._marks[-1][1]
        else:
            self._marks.append((here, finished))

    def begin_again(self) -> None:
        """Note that something comes before the events, as for who has not been here."""
        self._begins_at = math.inf

    def note_first_sent(self) -> None:
        """Note that what comes before the events was sent: who has not read it begins again."""
        if self._begins_at == math.inf:
            self._begins_at = self._outlet.sent

    def positions(self) -> Positions:
        """Return after what the operation goes on: all before that the client has read."""
        self._note_written()
        while self._marks and (here := self._marks[0][0]) is not None:
            if here > self._outlet.acknowledged:
                break
            del self._marks[0]
        if self._marks:
            return self._marks[0][1]
        return self._written if self._waits() else self.progress.finished

    def _note_written(self) -> None:
        """Note of the results that waited where they end, if all are written."""
        if self._marks and not self._waits():
            sent = self._outlet.sent
            self._marks = [
                (sent if here is None else here, finished) for here, finished in self._marks
            ]

    def ask(self) -> None:
        """Ask the client what it has read, if that is not known of the last result."""
        self._note_written()
        last = self._marks[-1][0] if self._marks else self._begins_at
        if last is not None and last < math.inf:
            self._outlet.ask_for(int(last))

    def due(self) -> dict[Store, Positions]:
        """Return what is to be written down."""
        positions, now = self.positions(), time.monotonic()
        if not positions or self._outlet.acknowledged < self._begins_at:
            return {}
        if positions == self._written and now < self._written_at + _WRITE_AGAIN:
            return {}
        self._written, self._written_at = positions, now
        by_store: dict[Store, Positions] = {}
        for stream, store in self.progress.stores.items():
            if stream in positions:
                by_store.setdefault(store, {})[stream] = positions[stream]
        return by_store

    def not_written(self) -> None:
        """Note that what was due could not be written."""
        self._written_at = 0.0

    @property
    def entry(self) -> Entry | None:
        """What is written of it, once it listens to a topic with a history."""
        return self._entry

    def close(self, *, ended: bool) -> None:
        """Keep it no longer.

        Args:
            ended: the operation is over, and nobody goes on with it.
        """
        if self._entry is not None:
            Keeper.current().remove(self, ended=ended)


def _nothing_waits() -> bool:
    return False


def is_resumable(operation_id: str) -> bool:
    """Tell whether no other operation has this id, even of another client: a UUID."""
    try:
        return len(operation_id) == 36 and bool(UUID(operation_id))
    except ValueError:
        return False


class Keeper:
    """Writes the bookmarks of one event loop, all together once a second."""

    def __init__(self) -> None:
        self._kept: dict[str, Bookmark] = {}
        self._leaving: dict[Bookmark, bool] = {}
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def current(cls) -> Keeper:
        """Return that of the running event loop."""
        return _loops.setdefault(asyncio.get_running_loop(), cls())

    async def hand_over(self, key: str, to: Bookmark) -> None:
        """Have an operation of this loop end, whose client has come back on another socket."""
        leaving = [each for each in self._leaving if each.entry and each.entry.key == key]
        for each in leaving:
            del self._leaving[each]
        former = self._kept.get(key)
        if former is not None and former is not to:
            leaving.append(former)
        await self._write(leaving)
        if former in leaving:
            self._kept.pop(key, None)
            former.replaced()

    def add(self, bookmark: Bookmark, *, again: bool) -> None:
        """Keep a bookmark.

        Args:
            bookmark: it.
            again: its client has come back, and is sent what it has missed: if it is cut off again
                it must not be sent all that once more.
        """
        assert bookmark.entry is not None
        self._kept[bookmark.entry.key] = bookmark
        if again:
            self._hurry.set()
        if self._task is None:
            self._task = asyncio.create_task(self._live())

    def remove(self, bookmark: Bookmark, *, ended: bool) -> None:
        """Write a bookmark for the last time, or throw it away."""
        assert bookmark.entry is not None
        if self._kept.get(bookmark.entry.key) is bookmark:
            del self._kept[bookmark.entry.key]
            self._leaving[bookmark] = ended

    async def _live(self) -> None:
        while self._kept or self._leaving:
            await self._turn()
        self._task = None

    async def _turn(self) -> None:
        with suppress(asyncio.TimeoutError):
            async with within(_WRITE - _ANSWERED_IN):
                await self._hurry.wait()
        if self._hurry.is_set():
            self._hurry.clear()
            await asyncio.sleep(_ANSWERED_IN)
        for bookmark in list(self._kept.values()):
            bookmark.ask()
        await asyncio.sleep(_ANSWERED_IN)
        leaving, self._leaving = self._leaving, {}
        await self._write([*self._kept.values(), *(b for b, ended in leaving.items() if not ended)])
        await self._forget([bookmark for bookmark, ended in leaving.items() if ended])

    async def _write(self, bookmarks: Iterable[Bookmark]) -> None:
        by_store: dict[Store, dict[Entry, Positions]] = {}
        by_entry: dict[Entry, Bookmark] = {}
        for bookmark in bookmarks:
            if (entry := bookmark.entry) is None:
                continue
            by_entry[entry] = bookmark
            for store, positions in bookmark.due().items():
                by_store.setdefault(store, {})[entry] = positions
        for store, written in by_store.items():
            try:
                async with within(_WRITTEN_WITHIN):
                    lost = await store.shelf.save(written)
            except Exception as error:
                logger.warning("What clients have read cannot be written down now: %r", error)
                for entry in written:
                    by_entry[entry].not_written()
                continue
            for entry in lost:
                if self._kept.get(entry.key) is by_entry[entry]:
                    del self._kept[entry.key]
                    by_entry[entry].replaced()

    async def _forget(self, bookmarks: Iterable[Bookmark]) -> None:
        by_store: dict[Store, list[Entry]] = {}
        for bookmark in bookmarks:
            assert bookmark.entry is not None
            for store in set(bookmark.progress.stores.values()):
                by_store.setdefault(store, []).append(bookmark.entry)
        forgetting = (_forgotten(store, entries) for store, entries in by_store.items())
        await asyncio.gather(*forgetting)


async def _forgotten(store: Store, entries: list[Entry]) -> None:
    try:
        async with within(_WRITTEN_WITHIN):
            await store.shelf.forget(entries)
    except Exception as error:  # They expire.
        logger.info("Bookmarks could not be thrown away: %r", error)


_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Keeper] = WeakKeyDictionary()
