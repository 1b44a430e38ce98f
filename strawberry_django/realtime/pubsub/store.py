"""What a topic needs of where its history is kept, and its readers of where they are noted.

Imports its siblings `history` and `messages`. See `ring` and `streams`, and `shelves`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from .history import Page, Position, Positions
from .messages import Message


@dataclass(frozen=True)
class Entry:
    """What is written of one operation.

    Attributes:
        key: which operation of which client.
        fingerprint: what it asks: the same id with another document is another operation.
        owner: who keeps it now.
    """

    key: str
    fingerprint: str
    owner: str


class Found(NamedTuple):
    """What was written of an operation before.

    Attributes:
        positions: those of its streams.
        known: it was there.
    """

    positions: Positions
    known: bool


class Shelf(Protocol):
    """Where bookmarks are kept."""

    async def claim(self, entry: Entry, starts: Positions, *, create: bool) -> Found:
        """Take over a bookmark.

        Args:
            entry: which.
            starts: where the operation begins where nothing is known of it.
            create: write that down.
        """
        ...

    async def save(self, written: Mapping[Entry, Positions]) -> list[Entry]:
        """Write bookmarks down.

        Returns:
            Those that somebody else keeps now: they are not written.
        """
        ...

    async def forget(self, entries: Sequence[Entry]) -> None:
        """Throw bookmarks away, unless somebody else keeps them now."""


class Store(Protocol):
    """Where streams are kept."""

    #: Whether a reader hears of each event as it is added: then nobody has to look for others.
    tells_all: bool

    @property
    def shelf(self) -> Shelf:
        """Where it is kept how far clients have come in the streams."""
        ...

    async def append(self, stream: str, message: Message, hand_on: Callable[[Message], Any]) -> Any:
        """Add an event, and hand it on with its position: as `at`, in a copy of the message.

        Returns:
            What `hand_on` returns.
        """

    def append_sync(self, stream: str, message: Message, hand_on: Callable[[Message], Any]) -> Any:
        """Do as `append`, from synchronous code."""

    async def page(self, stream: str, after: Position) -> Page:
        """Read the events after a position."""
        ...

    async def heads(self, streams: Sequence[str]) -> list[Position]:
        """Return the positions of the last events, and keep them."""
        ...

    def hold(self, stream: str) -> None:
        """Keep the position of a stream in which nothing happens."""

    def release(self, stream: str) -> None:
        """Hold it no longer."""
