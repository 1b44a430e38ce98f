"""What a subscription to a topic knows of the operation that it is part of.

Imports the ground modules. Whoever executes an operation sets it for the task that does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from ..conf import Overflow


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
    """

    overflow: Overflow = "close"
    capacity: int = 1000
    begun: Callable[[Overflow | None, int | None], None] = _nobody


def current_listening() -> Listening:
    """Return that of the running operation."""
    return _current.get()


def set_listening(listening: Listening) -> None:
    """Set it for the running task, and for those that it starts."""
    _current.set(listening)


_current: ContextVar[Listening] = ContextVar("listening", default=Listening())  # noqa: B039
