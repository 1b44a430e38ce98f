"""A stream that has joined a shared subscription.

Imports `auth`, `broadcast` and the ground modules.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, cast

from graphql import GraphQLError
from strawberry.types.execution import ExecutionResult, PreExecutionError

from .._upstream.frameworks import aclosing
from ..auth.sessions import refresh_user
from ..broadcast.admission import admit_again, note_failed_recheck
from ..broadcast.run import Member
from ..encoding import Encoded
from ..exceptions import ListenerOverflowError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..broadcast.admission import Admission
    from ..conf import OperationRequest, RealtimeOptions
    from ..interfaces import StreamConsumer


class EncodedResult(ExecutionResult):
    """A result of a shared execution, encoded once for all."""

    def __init__(self, text: str, payload: dict[str, Any]) -> None:
        super().__init__(payload.get("data"), None)
        self.response = Encoded(text, payload)


class StreamMember(Member):
    """One shared operation over HTTP: an asynchronous iterator of its results."""

    def __init__(self, options: RealtimeOptions) -> None:
        super().__init__(options)
        self._waiting: deque[EncodedResult] = deque()
        self._changed = asyncio.Event()
        self._errors: list[GraphQLError] | None = None

    def send(self, text: str, payload: dict[str, Any]) -> None:
        """Let the stream have a result."""
        if len(self._waiting) >= self.capacity:
            self.fall_behind()
        self._waiting.append(EncodedResult(text, payload))
        self._changed.set()

    def fall_behind(self) -> None:
        """Lose what the policy says, or end the stream."""
        if self.overflow == "close" and self.run is not None:
            error = ListenerOverflowError(self.run.operation.field, self.capacity)
            self.leave()
            self.end([GraphQLError(str(error))], refused=False)
        elif self.overflow == "latest":
            self._waiting.clear()
        else:
            self._waiting.popleft()

    def end(self, errors: list[GraphQLError], refused: bool) -> None:  # noqa: ARG002
        """End the stream, after what waits."""
        self._errors = errors
        self._changed.set()

    async def results(self) -> AsyncGenerator[ExecutionResult, None]:
        """Yield what comes, to the end."""
        while self._errors is None or self._waiting:
            while self._waiting:
                yield self._waiting.popleft()
            if self._errors is None:
                self._changed.clear()
                await self._changed.wait()
        if self._errors:
            yield cast("ExecutionResult", PreExecutionError(data=None, errors=self._errors))


class StreamRecheck:
    """Ask again whether a stream may go on, when the session of its client was looked at.

    Args:
        consumer: serves the stream.
        request: what it asked.
        member: what it is of the shared subscription, if it has joined one.
        admission: how it was admitted.
        execute: begins its operation again, in a fresh context.
    """

    def __init__(
        self,
        consumer: StreamConsumer,
        request: OperationRequest,
        member: StreamMember,
        admission: Admission,
        execute: Callable[[], Awaitable[AsyncGenerator[Any, None]]],
    ) -> None:
        self._consumer = consumer
        self._request = request
        self._member = member
        self._admission = admission
        self._execute = execute
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Ask, unless that is under way, or the answer does not depend on who subscribes."""
        if self._task is None and self._admission.asks_again and self._member.run is not None:
            self._task = asyncio.create_task(self._ask())
            self._task.add_done_callback(self._asked)

    async def _ask(self) -> None:
        consumer, member = self._consumer, self._member
        async with consumer.operation_thread():
            await refresh_user(consumer.request)
            errors = await admit_again(consumer, self._request, member, self._execute)
            if errors and member.run is not None:
                member.leave()
                member.end(errors, refused=True)

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._task = None
        note_failed_recheck(task)


async def shared(
    results: AsyncGenerator[Any, None], admission: Admission, member: StreamMember
) -> AsyncGenerator[Any, None]:
    """Yield an operation's own results, and then those of the run that it has joined, if it has."""
    admission.begin()
    try:
        async with aclosing(results):
            async for result in results:
                admission.note_shown(result)
                yield result
        if admission.is_joined:
            member.release()
            coming = member.results()
            async with aclosing(coming):
                async for result in coming:
                    yield result
    finally:
        member.leave()
