"""What a topic remembers: every event has a position, after which a reader can go on.

Imports the ground modules. A topic has one stream of events for each of its keys. Where the channel
layer is in memory, so are the streams; else they are in Redis.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .messages import Message

#: How many events are read from a history at a time.
PAGE = 500

#: How much longer than its events a history keeps the position of the last one, in seconds: who
#: comes back to a topic in which nothing has happened must not be told that events were missed.
KEPT_LONGER = 600.0

#: Seconds for which it is kept how far a client has come: for so long it is told of a gap.
KNOWN_FOR = 3_600.0

_POSITION = re.compile(r"([0-9a-f]{12}):([0-9a-z]{1,32}):([0-9]{1,18})")


@dataclass(frozen=True)
class History:
    """How much a topic remembers.

    Args:
        seconds: for how long an event can be read again.
        events: how many events of one key can.
        redis_url: where they are kept, if not in the Redis of the channel layer.
    """

    seconds: float = 120
    events: int = 10_000
    redis_url: str | None = None

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.events < 1:
            raise ValueError(
                f"A history keeps at least one event for some time; {self!r} keeps none."
            )

    @property
    def kept(self) -> float:
        """Seconds for which the position of the last event is kept when nobody asks for it."""
        return 2 * self.seconds + KEPT_LONGER


class Position(NamedTuple):
    """Where an event stands in a stream.

    Attributes:
        epoch: which life of the stream: a Redis that has lost its data begins another.
        offset: the how manieth event of that life it is; 0 before the first.
    """

    epoch: str
    offset: int


#: Where a reader of several streams is.
Positions = dict[str, Position]


class Page(NamedTuple):
    """Events that were read from a stream.

    Attributes:
        messages: they, in order; at most `PAGE`.
        missed: some that came after the position are not there any more.
        head: the position of the last event of the stream.
    """

    messages: list[Message]
    missed: bool
    head: Position


def page_of(messages: list[Message], after: Position, head: Position) -> Page:
    """Return what was read of a stream, and whether it goes on where `after` is."""
    if head.epoch != after.epoch or head.offset < after.offset:
        return Page(messages, missed=True, head=head)
    first = messages[0]["at"][1] if messages else head.offset + 1
    return Page(messages, missed=first > after.offset + 1, head=head)


def position_text(positions: Mapping[str, Position]) -> str:
    """Write where a reader of several streams is."""
    return ",".join(
        f"{_short(stream)}:{epoch}:{offset}" for stream, (epoch, offset) in positions.items()
    )


def positions_of(text: str, streams: Collection[str]) -> dict[str, Position]:
    """Read where a reader of several streams is; a stream that it does not name is left out.

    Raises:
        ValueError: it is none of what `position_text` writes.
    """
    shorts = {_short(stream): stream for stream in streams}
    found: dict[str, Position] = {}
    for part in text.split(",") if text else ():
        match = _POSITION.fullmatch(part)
        if match is None:
            raise ValueError(f"{part[:80]!r} is no position of a result.")
        short, epoch, offset = match.groups()
        if short in shorts:
            found[shorts[short]] = Position(epoch, int(offset))
    return found


def _short(stream: str) -> str:
    """Return what stands for a stream in a position: the begin of the digest in its name."""
    return stream.rpartition(".")[2][:12]
