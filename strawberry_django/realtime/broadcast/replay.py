"""What a member has missed, executed again for it alone.

Imports its siblings, `pubsub` and the ground modules.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..exceptions import EventsMissedError
from ..pubsub.progress import Progress
from ..waiting import within
from .run import Member, Run, SharedOperation

if TYPE_CHECKING:
    from graphql import GraphQLError

    from ..pubsub.bookmarks import Bookmark
    from ..pubsub.history import Positions
    from ..pubsub.store import Store

#: Seconds for which a member may take to be sent what it has missed.
_REPLAYED_WITHIN = 60.0

#: Seconds after which it is looked again whether the member's client has read what waits for it.
_PAUSE = 0.01


async def replay(
    operation: SharedOperation,
    member: Member,
    bookmark: Bookmark,
    after: Positions,
    until: Positions,
) -> bool:
    """Send a member the results of the events between two positions.

    Returns:
        Whether it has got all: not if the subscription has come to its end before.

    Args:
        operation: what is executed.
        member: who is sent the results.
        bookmark: is told how far it has come.
        after: where it begins.
        until: where it ends.

    Raises:
        EventsMissedError: some of the events are not there any more.
        GraphQLError: the execution has failed.
        TimeoutError: it takes too long.
    """

    async def resume(_: Store, starts: Positions) -> Positions:
        return {stream: after.get(stream, start) for stream, start in starts.items()}

    again = _Again(member)
    run = Run(operation, lambda _: None, Progress(resume, until))
    bookmark.follow(run.progress, member.has_waiting)
    run.add(again)
    try:
        async with within(_REPLAYED_WITHIN):
            await again.ended
    finally:
        again.leave()
    if run.progress.misses:
        raise EventsMissedError(operation.field)
    return run.progress.has_reached(until)


class _Again(Member):
    """Sends what it is handed to another member at once."""

    def __init__(self, member: Member) -> None:
        super().__init__(member.options)
        self._to = member
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send(self, text: str, payload: dict[str, Any]) -> None:
        """Send a result."""
        self._to.send(text, payload)

    async def room(self) -> None:
        """Wait while as many results wait for the client as may: there is a history to go on in."""
        for _ in range(round(_REPLAYED_WITHIN / _PAUSE)):
            waiting = getattr(self._to, "waiting", 0)
            if self._to.has_left or 2 * waiting < self._to.capacity:
                return
            await asyncio.sleep(_PAUSE)

    def end(self, errors: list[GraphQLError], refused: bool) -> None:  # noqa: ARG002
        """Say that all was sent, or why not."""
        if self.ended.done():
            return
        if not errors:
            self.ended.set_result(None)
            return
        original = errors[0].original_error
        self.ended.set_exception(original if isinstance(original, EventsMissedError) else errors[0])
