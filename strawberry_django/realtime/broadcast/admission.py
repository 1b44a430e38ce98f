"""How one subscriber is admitted to a shared subscription.

Imports its siblings, `pubsub` and the ground modules.
"""

from __future__ import annotations

from collections import deque
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from strawberry_django.optimizer import DjangoOptimizerExtension

from ..exceptions import ChannelLayerError, EventsMissedError
from ..pubsub.history import Positions
from ..pubsub.listening import Listening, set_listening
from ..pubsub.progress import Progress
from .replay import replay
from .run import Member, Run, Runs, SharedOperation, encoded, payload_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from graphql import GraphQLError
    from strawberry.types import ExecutionResult, Info

    from ..conf import OperationRequest, RealtimeOptions
    from ..interfaces import SharingConsumer
    from ..pubsub.bookmarks import Bookmark

#: Seconds for which a member that moves to another run receives what its former one has: until the
#: other listens, which not every run can tell.
_MOVES_WITHIN = 1.0

#: How often a member that catches up leaves aside what comes meanwhile, and is sent that after it.
_TURNS = 5


class _Place(Member):
    """Keeps a run for a member that is to move to it."""

    def __init__(self, options: RealtimeOptions) -> None:
        super().__init__(options)
        self.results: deque[tuple[str, dict[str, Any]]] = deque(maxlen=self.capacity)
        self.end_of_run: tuple[list[GraphQLError], bool] | None = None

    def send(self, text: str, payload: dict[str, Any]) -> None:
        """Keep a result: a run may tell by its first one that it listens."""
        self.results.append((text, payload))

    def end(self, errors: list[GraphQLError], refused: bool) -> None:
        """Keep the end for the member."""
        self.end_of_run = errors, refused


class Admission:
    """What an operation becomes: a member of a run, if its field is shared.

    Make it in the task that executes the operation for its subscriber, and call `begin` there.

    Args:
        consumer: serves the subscriber.
        request: what it asks.
        member: the subscriber.
        listens: called when nothing that is published is missed any more, if anybody wants to
            know.
        bookmark: where the operation is, if its client may go on with it.

    Attributes:
        is_recheck: a member is looked at again, and is not sent what came first again.
        asks_again: the answer depends on who subscribes, and so may change.
    """

    def __init__(
        self,
        consumer: SharingConsumer,
        request: OperationRequest,
        member: Member,
        listens: Callable[[], None] | None = None,
        bookmark: Bookmark | None = None,
    ) -> None:
        self._consumer = consumer
        self._request = request
        self._member = member
        self._listens = listens
        self.is_recheck = member.run is not None
        self.asks_again = False
        self.bookmark = bookmark
        self.progress = Progress() if bookmark is None else bookmark.progress
        self._joined = False
        self._place: _Place | None = None

    def begin(self) -> None:
        """Let the field of the running task's operation find this."""
        options = self._consumer.options
        _current.set(self)
        set_listening(
            Listening(
                options["slow_consumer"],
                options["listener_capacity"],
                self._heard,
                self.progress,
            )
        )

    def _heard(self, *_: Any) -> None:
        if self._listens is not None:
            self._listens()

    @property
    def confirms(self) -> bool:
        """Whether somebody wants to know when the subscription listens."""
        return self._listens is not None

    async def confirm(self) -> None:
        """Wait until the run listens, and say so."""
        if self._member.run is not None:
            await self._member.run.listens()
        self._heard()

    async def resume(self, *, has_initial: bool) -> bool:
        """Send a member that comes back what it has missed, from the history of its topics.

        Returns:
            Whether it has got all, so that nothing need come first.

        Raises:
            EventsMissedError: not all is there any more, and there is nothing that could come
                first in its place.
        """
        run, bookmark = self._member.run, self.bookmark
        if run is None or bookmark is None:
            return False
        if not run.progress.stores:
            if run.progress.expects_store:  # What it has missed is not known: it comes again.
                raise ChannelLayerError("The history does not answer. Subscribe again.")
            return False
        here, known = await _claimed(bookmark, run.progress, create=not has_initial)
        if known:
            try:
                await self._catch_up(run, bookmark, here)
            except EventsMissedError:
                if not has_initial:
                    raise
                self.progress = Progress()
                self.progress.tell_missed()
                self._member.hold()
                bookmark.begin_again()
                known = False
        bookmark.follow(run.progress, self._member.has_waiting)
        return known

    async def _catch_up(self, run: Run, bookmark: Bookmark, here: Positions) -> None:
        """Send the member what the run has come to since; in the end it holds what comes then."""
        self._member.skip()
        for turn in range(_TURNS):
            until = run.progress.current
            if here == until:
                break
            if turn == _TURNS - 1:  # Events come faster than they are sent again.
                self._member.hold()
            if not await replay(run.operation, self._member, bookmark, here, until):
                self._member.leave()
                self._member.hold()
                self._member.finish([], refused=False)
                return
            here = until
        else:
            return
        self._member.hold()

    def give_up(self) -> None:
        """Leave the run: what should come first has failed."""
        self._joined = False
        self._member.leave()

    def join(
        self, info: Info, audience: Hashable, *, asks_again: bool, asks_nobody: bool = False
    ) -> None:
        """Join the run of the operation for an audience; a member of another is about to move.

        Args:
            info: that of the subscriber's own execution.
            audience: what the run is for.
            asks_again: the answer depends on who subscribes.
            asks_nobody: it depends on nobody, and nothing comes first.
        """
        if self.is_recheck and self._member.run is None:
            return  # It has left while it was asked again.
        request = self._request
        operation = SharedOperation(
            self._consumer.for_many(),
            info.field_name,
            request.query or info.query or "",
            request.variables,
            request.operation_name,
            audience,
        )
        self.asks_again, self._joined = asks_again, True
        run = self._member.run
        if run is None or run.operation.key != operation.key:
            run = Runs.current().of(operation)
        run.asks_nobody = asks_nobody
        if not self.is_recheck:
            self._member.hold()
            run.add(self._member)
        elif run is not self._member.run:
            self._place = _Place(self._consumer.options)
            run.add(self._place)

    async def move(self) -> None:
        """Move a member to the run that it is to be in, when that listens: it misses nothing."""
        place, member = self._place, self._member
        run = None if place is None else place.run
        if place is None or run is None:
            return
        try:
            await run.listens(_MOVES_WITHIN)
        finally:
            former = member.run
            if former is not None:
                run.add(member)
                former.remove(member)
                member.moved()
                for text, payload in place.results:
                    member.take(text, payload)
            place.leave()
            if former is not None and place.end_of_run is not None:
                member.finish(*place.end_of_run)

    @property
    def is_joined(self) -> bool:
        """Whether the operation has become a member; its own execution has ended by then."""
        return self._joined

    def note_result(self, result: ExecutionResult) -> None:
        """Note a result of the subscriber's own execution; one from `initial`, if it has joined."""
        self.progress.note_on(result)
        if self._joined:
            self._member.note_shown(encoded(self._consumer, payload_of(result)))


async def _claimed(
    bookmark: Bookmark, progress: Progress, *, create: bool
) -> tuple[Positions, bool]:
    """Take over the bookmark of an operation that follows a run; see `Bookmark.claim`."""
    claimed: Positions = {}
    was_known = True
    starts = progress.current
    for store in set(progress.stores.values()):
        of_store = {s: starts[s] for s, kept in progress.stores.items() if kept is store}
        positions, known = await bookmark.claim(store, of_store, create=create)
        claimed |= positions
        was_known = was_known and known
    return {stream: claimed[stream] for stream in starts}, was_known


def join_at_once(consumer: SharingConsumer, request: OperationRequest, member: Member) -> bool:
    """Become a member of a run that has asked nobody, without an execution of one's own.

    The run has shown that the document is valid, and its arguments too: both are the same.

    Returns:
        Whether it has become one; if not, it must ask.
    """
    if not request.query or not _asks_nothing(consumer.schema):
        return False
    operation = SharedOperation(
        consumer, "", request.query, request.variables, request.operation_name, None
    )
    run = Runs.current().known(operation)
    if run is None or not run.asks_nobody or not run.is_listening or run.progress.stores:
        return False
    run.add(member)
    return True


def _asks_nothing(schema: Any) -> bool:
    """Tell whether no extension of the project's has a say in who may execute what."""
    return not schema.directives and all(
        each is DjangoOptimizerExtension or isinstance(each, DjangoOptimizerExtension)
        for each in schema.extensions
    )


def current_admission() -> Admission | None:
    """Return that of the running task's operation; `None` where nobody can share."""
    return _current.get()


_current: ContextVar[Admission | None] = ContextVar("admission", default=None)
