"""What a subscription to a topic knows of the operation that it is part of.

Imports its sibling `progress` and the ground modules. Whoever executes an operation sets it for the
task that does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from ..conf import Overflow
from .progress import Progress


def _nobody(overflow: Overflow | None, capacity: int | None) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Listening:
    """The options of the running operation, and who is told that it listens.

    Attributes:
        overflow: what happens when more than `capacity` events wait.
        capacity: how many may.
        begun: called when nothing can be missed any more, with what the topic itself says in
            place of the options.
        progress: is told how far the operation has come in topics that have a history.
    """

    overflow: Overflow = "close"
    capacity: int = 1000
    begun: Callable[[Overflow | None, int | None], None] = _nobody
    progress: Progress = field(default_factory=Progress)


def current_listening() -> Listening:
    """Return that of the running operation."""
    return _current.get() or Listening()


def set_listening(listening: Listening) -> None:
    """Set it for the running task, and for those that it starts."""
    _current.set(listening)


_current: ContextVar[Listening | None] = ContextVar("listening", default=None)
