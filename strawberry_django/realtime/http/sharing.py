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
from ..broadcast.run import Member
from ..encoding import Encoded
from ..exceptions import ListenerOverflowError

if TYPE_CHECKING:
    from ..broadcast.admission import Admission
    from ..conf import RealtimeOptions


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

    def refuse(self, errors: list[GraphQLError]) -> None:
        """Leave the run, and end with the errors."""
        self.leave()
        self.end(errors, refused=True)

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


async def shared(
    results: AsyncGenerator[Any, None], admission: Admission, member: StreamMember
) -> AsyncGenerator[Any, None]:
    """Yield an operation's own results, and then those of the run that it has joined, if it has."""
    admission.begin()
    try:
        async with aclosing(results):
            async for result in results:
                admission.note_result(result)
                yield result
        if admission.is_joined:
            member.release()
            coming = member.results()
            async with aclosing(coming):
                async for result in coming:
                    yield result
    finally:
        member.leave()
