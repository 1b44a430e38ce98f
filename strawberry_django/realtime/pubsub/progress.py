"""How far an operation has come in the streams that it reads.

Imports its sibling `history` and the ground modules. An event counts as finished when the operation
asks for the next one: all results that it made of it have been yielded by then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from .history import Position, Positions, position_text
from .store import Store

if TYPE_CHECKING:
    from strawberry.types import ExecutionResult

Resume = Callable[[Store, Positions], Awaitable[Positions]]


class Progress:
    """The positions of one operation.

    Args:
        resume: returns after which positions the operation goes on in streams of a store, whose own
            positions it is given; `None` if it begins now.
        until: where it ends.

    Attributes:
        stores: where each of its streams is kept.
    """

    def __init__(self, resume: Resume | None = None, until: Positions | None = None) -> None:
        self.resume = resume
        self.until = until
        self.stores: dict[str, Store] = {}
        self.has_own_start = False
        self.expects_store = False
        self._finished: Positions = {}
        self._reading: Positions = {}
        self._missed = False

    def begin(self, store: Store, positions: Mapping[str, Position]) -> None:
        """Note where it begins in streams of a store."""
        self.stores.update(dict.fromkeys(positions, store))
        self._finished.update(positions)
        self._reading.update(positions)

    def reading(self, stream: str, position: Position) -> None:
        """Note the event that it is given."""
        self._reading[stream] = position

    def finish(self, streams: Iterable[str]) -> None:
        """Note that it asks for the next event of these streams."""
        for stream in streams:
            self._finished[stream] = self._reading[stream]

    def has_reached(self, streams: Iterable[str]) -> bool:
        """Tell whether it has come to its end in these streams; another epoch knows none."""
        until = self.until
        if until is None:
            return False
        ends = ((until[stream], self._reading[stream]) for stream in streams if stream in until)
        return all(here.epoch != end.epoch or here.offset >= end.offset for end, here in ends)

    @property
    def misses(self) -> bool:
        """Whether no result has said yet that events were missed."""
        return self._missed

    def tell_missed(self) -> None:
        """Have the next result say that events were missed."""
        self._missed = True

    def miss(self, stream: str, position: Position) -> None:
        """Note that events were missed: it goes on after a later position."""
        self.tell_missed()
        self._finished[stream] = self._reading[stream] = position

    @property
    def current(self) -> Positions:
        """The positions of the last events that it was given."""
        return dict(self._reading)

    @property
    def finished(self) -> Positions:
        """After which positions it goes on if it is begun again."""
        return dict(self._finished)

    def note_on(self, result: ExecutionResult) -> None:
        """Write on a result its position, and once that events were missed."""
        if not self._reading and not self._missed:
            return
        known = {**(result.extensions or {})}
        if self._reading:
            known["position"] = position_text(self._reading)
        if self._missed:
            known["missed"], self._missed = True, False
        result.extensions = known
