"""How far an operation has come in the streams that it reads.

Imports its sibling `history` and the ground modules. An event counts as finished when the operation
asks for the next one: all results that it made of it have been yielded by then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from .history import Position, position_text

if TYPE_CHECKING:
    from strawberry.types import ExecutionResult

Positions = dict[str, Position]


class Progress:
    """The positions of one operation.

    Attributes:
        resume: returns the positions after which the operation goes on, of those streams, whose
            own positions it is given; `None` if it begins now.
    """

    def __init__(self, resume: Callable[[Positions], Awaitable[Positions]] | None = None) -> None:
        self.resume = resume
        self._finished: Positions = {}
        self._reading: Positions = {}
        self._missed = False

    def begin(self, positions: Mapping[str, Position]) -> None:
        """Note where it begins."""
        self._finished.update(positions)
        self._reading.update(positions)

    def reading(self, stream: str, position: Position) -> None:
        """Note the event that it is given."""
        self._reading[stream] = position

    def finish(self, streams: Iterable[str]) -> None:
        """Note that it asks for the next event of these streams."""
        for stream in streams:
            self._finished[stream] = self._reading[stream]

    def miss(self, stream: str, position: Position) -> None:
        """Note that events were missed: it goes on after a later position."""
        self._missed = True
        self._finished[stream] = self._reading[stream] = position

    @property
    def finished(self) -> Positions:
        """After which positions it goes on if it is begun again."""
        return dict(self._finished)

    def note_on(self, result: ExecutionResult) -> None:
        """Write on a result its position, and once that events were missed."""
        if not self._reading:
            return
        known = {**(result.extensions or {}), "position": position_text(self._reading)}
        if self._missed:
            known["missed"], self._missed = True, False
        result.extensions = known
