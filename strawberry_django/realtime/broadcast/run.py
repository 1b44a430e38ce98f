"""One execution of a shared subscription, and those who receive its results.

Imports its siblings, `pubsub` and the ground modules. A process has one run for each schema,
document, variables, operation name and audience. It begins with its first member, and is
cancelled with its last.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from graphql import GraphQLError
from strawberry.types.execution import ExecutionResult

from .._upstream.frameworks import aclosing
from ..conf import Overflow
from ..logs import internal_error
from ..protocol import is_request_error
from ..pubsub.history import Positions
from ..pubsub.listening import Listening, set_listening
from ..pubsub.progress import Progress
from ..threads import OperationThread
from ..waiting import is_cancelled
from .context import SharedContext

if TYPE_CHECKING:
    from ..conf import RealtimeOptions
    from ..interfaces import SharingConsumer

logger = logging.getLogger("strawberry_django.realtime")

#: How many members are sent an event before the event loop's other tasks have a turn: two
#: milliseconds, about.
_AT_ONCE = 100

#: Seconds for which who joins waits until the run listens, which not every run can tell.
_LISTENS_WITHIN = 10.0

#: Seconds for which an event may be on its way that the first results have shown already.
_SHOWN_FOR = 1.0

#: What a topic says of slow subscribers, and how many events may wait for one; `None`: nothing.
Policy = tuple[Overflow | None, int | None]
_NO_POLICY: Policy = (None, None)

#: A result, encoded and not, and how far the run had come before it.
Held = tuple[str, dict[str, Any], Positions | None]

#: Whether the running task executes for many.
executes_for_many: ContextVar[bool] = ContextVar("executes_for_many", default=False)


class Member:
    """One subscriber of a run.

    Args:
        options: the resolved options of its consumer.

    Attributes:
        options: those.
        run: the run, from when it joins until it leaves or the run ends.
        finished: how far the run had come when it made the result that is sent now, if that was
            held; `None` if it was not.
    """

    def __init__(self, options: RealtimeOptions) -> None:
        self.options = options
        self.run: Run | None = None
        self.has_left = False
        self.finished: Positions | None = None
        self._held: deque[Held] | None = None
        self._skips = False
        self._shown: set[int] = set()  # Hashes: it may be kept for as long as no event comes.
        self._shown_until = 0.0
        self._last: tuple[list[GraphQLError], bool] | None = None

    @property
    def overflow(self) -> Overflow:
        """What happens when it falls `capacity` results behind."""
        overflow, _ = _NO_POLICY if self.run is None else self.run.policy
        return overflow or self.options["slow_consumer"]

    @property
    def capacity(self) -> int:
        """How many results may wait for it."""
        _, capacity = _NO_POLICY if self.run is None else self.run.policy
        return capacity or self.options["listener_capacity"]

    def hold(self) -> None:
        """Keep what comes until `release`: what it receives first is not there yet."""
        self._held, self._skips = deque(), False

    def skip(self) -> None:
        """Leave aside what is held, and what comes until `hold`: it is sent that from a history."""
        self._held, self._skips = deque(), True

    def moved(self) -> None:
        """Note that it is in another run now."""

    def has_waiting(self) -> bool:
        """Tell whether it has results that are not on their way yet."""
        return bool(self._held)

    async def room(self) -> None:
        """Wait until it takes another result, if it can be waited for."""

    def note_shown(self, text: str) -> None:
        """Note a result that it was sent before the first of the run's."""
        self._shown.add(hash(text))

    def release(self) -> None:
        """Send what was held; from now on at once.

        What was published before the first results were read may come after them. So the results
        that come first are passed over if they were shown just so, for a second.
        """
        held, self._held = self._held, None
        if self._shown:
            self._shown_until = asyncio.get_running_loop().time() + _SHOWN_FOR
        for text, payload, self.finished in held or ():
            self.take(text, payload)
        self.finished = None
        if self._last is not None:
            self.end(*self._last)

    def take(self, text: str, payload: dict[str, Any]) -> None:
        """Take the next result."""
        if self._skips:
            return
        if self._held is not None:
            self._hold(self._held, text, payload)
        elif not self._shown or not self._was_shown(text):
            self.send(text, payload)

    def _hold(self, held: deque[Held], text: str, payload: dict[str, Any]) -> None:
        if len(held) >= self.capacity:
            if self.overflow == "close":
                self.fall_behind()
                return
            if self.overflow == "latest":
                held.clear()
            else:
                held.popleft()
        held.append((text, payload, None if self.run is None else self.run.progress.finished))

    def _was_shown(self, text: str) -> bool:
        if hash(text) in self._shown and asyncio.get_running_loop().time() < self._shown_until:
            return True
        self._shown = set()
        return False

    def finish(self, errors: list[GraphQLError], refused: bool) -> None:
        """Take the end of the run, after its last result."""
        self.run = None
        self._last = errors, refused
        if self._held is None:
            self.end(errors, refused)

    def leave(self) -> asyncio.Task[None] | None:
        """Leave the run.

        Returns:
            The run's task, if it ends because this was its last member.
        """
        run, self.run, self.has_left = self.run, None, True
        return None if run is None else run.remove(self)

    def send(self, text: str, payload: dict[str, Any]) -> None:
        """Send a result.

        Args:
            text: it, encoded.
            payload: it.
        """
        raise NotImplementedError

    def end(self, errors: list[GraphQLError], refused: bool) -> None:
        """Say that nothing more comes.

        Args:
            errors: why; none if the subscription has come to its end.
            refused: it could not even begin.
        """
        raise NotImplementedError

    def fall_behind(self) -> None:
        """Act as the subscription's policy says: more wait than may."""
        raise NotImplementedError


@dataclass(frozen=True)
class SharedOperation:
    """What is executed once for many.

    Attributes:
        consumer: one that serves nobody.
        field: the name of the field.
        query: the document.
        variables: as the client sent them.
        operation_name: which operation of the document.
        audience: what the members have in common.
    """

    consumer: SharingConsumer
    field: str
    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    audience: Hashable

    @property
    def key(self) -> Hashable:
        """What tells it from every other."""
        kind = type(self.consumer)
        return (
            self.consumer.schema,
            kind.get_shared_context,
            kind.encode_json,
            self.consumer.options["enter_thread"],
            self.query,
            _distinct_variables(self.variables),
            self.operation_name,
            _distinct(self.audience),
        )


class Run:
    """Execute a shared operation, and hand its results to its members.

    Attributes:
        policy: what its topic says of slow members, in place of their own options.
        asks_nobody: whoever asks the same may join, and receives nothing before the others do.
        progress: how far it has come in the topics that have a history.
    """

    def __init__(
        self,
        operation: SharedOperation,
        forget: Callable[[Run], None],
        progress: Progress | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.operation = operation
        self.policy: Policy = _NO_POLICY
        self.asks_nobody = False
        self.progress = progress or Progress()
        self._forget = forget
        self._members: dict[Member, None] = {}
        self._listening: asyncio.Future[None] = loop.create_future()
        # Nothing that its first member has in its context is seen by the others.
        self._task = Context().run(loop.create_task, self._live())

    def add(self, member: Member) -> None:
        """Let `member` have the results from now on."""
        self._members[member] = None
        member.run = self

    @property
    def is_listening(self) -> bool:
        """Whether what is published from now on is not missed."""
        return self._listening.done()

    def remove(self, member: Member) -> asyncio.Task[None] | None:
        """Let it have no more; with the last one the run ends, and its task is returned."""
        self._members.pop(member, None)
        if self._members:
            return None
        self._forget(self)
        self._task.cancel()
        return self._task

    async def listens(self, within: float = _LISTENS_WITHIN) -> None:
        """Wait until what is published from now on is not missed, if the run can tell."""
        await asyncio.wait([self._listening], timeout=within)

    def _begun(self, overflow: Overflow | None, capacity: int | None) -> None:
        self.policy = overflow, capacity
        self._listens()

    def _listens(self) -> None:
        if not self._listening.done():
            self._listening.set_result(None)

    async def _live(self) -> None:
        operation = self.operation
        executes_for_many.set(True)
        options = operation.consumer.options
        set_listening(
            Listening(
                options["slow_consumer"],
                options["listener_capacity"],
                self._begun,
                self.progress,
            )
        )
        errors: list[GraphQLError] = []
        refused = False
        try:
            enter_thread = operation.consumer.options["enter_thread"]
            # Its owner: what others leave in their threads is not seen, nor what it leaves in its.
            async with OperationThread(operation.audience, enter_thread, owner=self):
                results = await operation.consumer.executed_schema.stream(
                    operation.query,
                    variable_values=operation.variables,
                    context_value=await self._context(),
                    operation_name=operation.operation_name,
                )
                async with aclosing(results):
                    async for result in results:
                        if not isinstance(result, ExecutionResult):
                            continue  # A subscription has no incremental delivery.
                        if is_request_error(result):
                            errors, refused = list(result.errors or []), True
                            break
                        await self._deliver(result)
        except GraphQLError as error:
            errors, refused = [error], True
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and is_cancelled():
                raise
            errors, refused = [internal_error(error, operation.operation_name)], True
        finally:
            self._forget(self)
            self._listens()
        for member in list(self._members):
            self._hand(member, member.finish, errors, refused)
        self._members.clear()

    async def _context(self) -> Any:
        operation = self.operation
        context = await operation.consumer.get_shared_context(operation.audience)
        if type(context) is dict:
            items = {"audience": operation.audience, **context}
            return SharedContext(operation.field, **items)
        return context

    def _hand(self, member: Member, take: Callable[..., None], *what: Any) -> None:
        """Have a member take something; that it fails is no matter of the others."""
        try:
            take(*what)
        except Exception as error:
            failure = internal_error(error, self.operation.operation_name)
            member.leave()
            with suppress(Exception):  # What cannot be sent to it is logged above.
                member.end([failure], refused=False)

    async def _deliver(self, result: ExecutionResult) -> None:
        self._listens()
        self.progress.note_on(result)
        payload = payload_of(result)
        text = encoded(self.operation.consumer, payload)
        members = list(self._members)
        for number, member in enumerate(members, 1):
            if member.run is self:
                self._hand(member, member.take, text, payload)
                await member.room()
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)


class Runs:
    """The runs of one event loop."""

    def __init__(self) -> None:
        self._runs: dict[Hashable, Run] = {}

    @classmethod
    def current(cls) -> Runs:
        """Return those of the running event loop."""
        return _loops.setdefault(asyncio.get_running_loop(), cls())

    def known(self, operation: SharedOperation) -> Run | None:
        """Return the run of an operation, if there is one."""
        return self._runs.get(operation.key)

    def of(self, operation: SharedOperation) -> Run:
        """Return the run of an operation, which begins now if there is none."""
        key = operation.key
        run = self._runs.get(key)
        if run is None or run.progress.has_own_start:  # Who comes later has missed its begin.
            run = self._runs[key] = Run(operation, lambda ended: self._forget(key, ended))
        return run

    def _forget(self, key: Hashable, run: Run) -> None:
        if self._runs.get(key) is run:
            del self._runs[key]


def payload_of(result: ExecutionResult) -> dict[str, Any]:
    """Return a result as the protocols have it."""
    payload: dict[str, Any] = {"data": result.data}
    if result.errors:
        payload["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        payload["extensions"] = result.extensions
    return payload


def encoded(consumer: SharingConsumer, payload: object) -> str:
    """Encode a payload as the consumer does."""
    text = consumer.encode_json(payload)
    return text.decode() if isinstance(text, bytes) else text


def _distinct_variables(variables: dict[str, Any] | None) -> Hashable:
    """Return what is equal for the same JSON only; each file of a client's is like no other."""
    if not variables:
        return ""
    others: list[int] = []
    text = json.dumps(variables, sort_keys=True, default=lambda other: others.append(id(other)))
    return (text, *others)


def _distinct(audience: Hashable) -> Hashable:
    """Return what is equal for the same audience only: in Python 1 and True are equal."""
    if isinstance(audience, tuple):
        return (type(audience), *map(_distinct, audience))
    if isinstance(audience, frozenset):
        return (type(audience), frozenset(map(_distinct, audience)))
    return (type(audience), audience)


_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Runs] = WeakKeyDictionary()
