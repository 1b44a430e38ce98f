"""An operation of a socket that has joined a shared subscription.

Imports `broadcast` and the ground modules. Nothing of it runs between two events: no task, no
queue and no context is kept for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from ..broadcast.run import Member
from ..exceptions import FrameTooLongError, ListenerOverflowError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from ..interfaces import SocketConsumer
    from ..pubsub.bookmarks import Bookmark


class SocketMember(Member):
    """One shared operation of a socket, over either subprotocol.

    Args:
        consumer: the socket's.
        head: what stands in a frame before the encoded result; a brace stands behind it.
        ended: called with the errors, if there are some, when nothing more comes.

    Attributes:
        waiting: how many of its frames wait in the socket's backlog.
        bookmark: is told what is sent.
    """

    def __init__(
        self,
        consumer: SocketConsumer,
        head: str,
        ended: Callable[[list[GraphQLError]], None],
    ) -> None:
        super().__init__(consumer.options)
        self.waiting = 0
        self.bookmark: Bookmark | None = None
        self._consumer = consumer
        self._writer = consumer.writer
        self._head = head
        self._ended = ended

    def send(self, text: str, payload: dict[str, Any]) -> None:  # noqa: ARG002
        """Send a result; if too many wait already, act as the policy says."""
        if self.waiting and self.waiting >= self.capacity:
            self.fall_behind()
        if self.has_left:
            return
        self._writer.post(self, self._head, text, "}")
        if self.bookmark is not None:
            self.bookmark.note_sent(self.finished)

    def moved(self) -> None:
        """Follow another run."""
        if self.bookmark is not None and self.run is not None:
            self.bookmark.follow(self.run.progress, self.has_waiting)

    def has_waiting(self) -> bool:
        """Tell whether it has results that are not on their way yet."""
        return self.waiting > 0 or super().has_waiting()

    def leave(self) -> asyncio.Task[None] | None:
        """Leave the run; what waits in the backlog is not sent, for the id may be another's."""
        if self.waiting:
            self._writer.drop(self, "latest")
        return super().leave()

    def fall_behind(self) -> None:
        """Lose what the policy says, or close the socket."""
        if self.overflow != "close":
            self._writer.drop(self, self.overflow)
        elif self.run is not None:
            error = ListenerOverflowError(self.run.operation.field, self.capacity)
            self.leave()
            self._consumer.fell_behind(error)

    def refused(self, error: FrameTooLongError) -> None:
        """End, because the server does not send a result."""
        self.leave()
        self._ended([GraphQLError(str(error))])

    def end(self, errors: list[GraphQLError], refused: bool) -> None:  # noqa: ARG002
        """Say that nothing more comes."""
        self._ended(errors)
