"""What the watch over the open sockets knows of one, and when it must look at it.

Imports `conf` and `interfaces` for types only.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..conf import RealtimeOptions
    from ..interfaces import Closable

#: Seconds between two looks at the clock, where no limit asks for more of them.
LONGEST_TICK = 1.0

#: Seconds for which a check of the user holds for the operations that a socket starts, whatever it
#: has brought to light.
_CONFIRMED = 1.0


@dataclass(eq=False)
class WatchedSocket:
    """What the watch knows of a socket, or of a stream; times are monotonic seconds.

    Attributes:
        writer: closes it.
        options: the limits.
        user_key: the primary key of the user; `None` for an anonymous socket.
        session_key: the session that the user came with; `None` for none.
        request: the handshake, or the request of the stream; `enter_thread` is called with it.
        busy: tells whether an operation is under way.
        ping: sends a ping; `None` where the connection is not begun or knows none.
        recheck: called when the user was found to be allowed to act, still.
        active: when an operation was last seen under way.
        ended: the user may not act any more.
        revalidated: when the database was last asked whether the user may act.
        confirmed: when it was asked and said so.
        pong_due: until when the ping that is out may be answered.
    """

    writer: Closable
    options: RealtimeOptions
    user_key: Any = None
    session_key: str | None = None
    request: Any = None
    busy: Callable[[], bool] = lambda: False
    ping: Callable[[], Awaitable[None]] | None = None
    recheck: Callable[[], None] = lambda: None
    opened: float = field(default_factory=time.monotonic)
    active: float = field(default_factory=time.monotonic)
    revalidated: float = field(default_factory=time.monotonic)
    confirmed: float = field(default_factory=time.monotonic)
    pinged: float = field(default_factory=time.monotonic)
    pong_due: float | None = None
    ended: bool = False

    def overdue(self, now: float) -> str | None:
        """Return why the socket has lasted long enough, if it has."""
        lifetime, idle = self.options["max_lifetime"], self.options["max_idle_time"]
        if lifetime is not None and now - self.opened > lifetime:
            return f"Open for longer than max_lifetime ({lifetime:g} s)"
        if idle is not None and now - self.active > idle:
            return f"Idle for longer than max_idle_time ({idle:g} s)"
        if self.pong_due is not None and now > self.pong_due:
            return "A ping was not answered within pong_timeout"
        return None

    def must_be_revalidated(self, now: float) -> bool:
        """Tell whether it is time to ask again whether the user may act."""
        interval = self.options["session_revalidate_interval"]
        return (
            self.user_key is not None and interval is not None and now - self.revalidated > interval
        )

    def must_be_confirmed(self, now: float) -> bool:
        """Tell whether it is so long ago that the user was confirmed that an operation must ask."""
        return now - self.confirmed > _CONFIRMED

    def was_looked_at(self, now: float) -> bool:
        """Tell whether the database was asked so recently that it must not be asked again."""
        return now - self.revalidated <= _CONFIRMED

    def must_be_pinged(self, now: float) -> bool:
        """Tell whether it is time for a ping."""
        interval = self.options["ping_interval"]
        return (
            self.ping is not None
            and interval is not None
            and self.pong_due is None
            and now - self.pinged > interval
        )

    @property
    def tick(self) -> float:
        """How often the clock must be looked at for this socket's limits, in seconds."""
        options = self.options
        limits = (
            options["session_revalidate_interval"],
            options["ping_interval"],
            options["pong_timeout"],
            options["max_idle_time"],
            options["max_lifetime"],
        )
        return min([LONGEST_TICK, *(limit / 4 for limit in limits if limit)])
