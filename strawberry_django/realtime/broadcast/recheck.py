"""Who may stay in a shared subscription, asked again when a session was looked at.

Imports its siblings, `auth` and the ground modules. A socket or a stream has one `Recheck`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import GraphQLError

from .._upstream.frameworks import aclosing
from ..auth.sessions import refresh_user
from ..logs import internal_error
from ..waiting import is_cancelled, within
from .admission import Admission

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable

    from ..conf import OperationRequest
    from ..interfaces import SharingConsumer
    from .run import Member

logger = logging.getLogger("strawberry_django.realtime")

#: Seconds for which permission and audience of one operation may take when they are asked again.
_ANSWERED_WITHIN = 10.0


class Asked(NamedTuple):
    """A member whose place depends on who subscribes.

    Attributes:
        request: what it asked.
        member: it.
        execute: begins its own execution, in a fresh context.
        refuse: ends its operation, with the errors.
    """

    request: OperationRequest
    member: Member
    execute: Callable[[], Awaitable[AsyncGenerator[Any, None]]]
    refuse: Callable[[list[GraphQLError]], None]


class Recheck:
    """Ask again who may stay; once at a time.

    Args:
        consumer: that of the socket or stream.
        asked: returns the members to ask about.
    """

    def __init__(self, consumer: SharingConsumer, asked: Callable[[], Iterable[Asked]]) -> None:
        self._consumer = consumer
        self._asked = asked
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> asyncio.Task[None] | None:
        """Ask, unless that is under way or there is nobody to ask about.

        Returns:
            The task that asks, if one begins.
        """
        asked = list(self._asked())
        if not asked or self._task is not None:
            return None
        self._task = asyncio.create_task(self._ask(asked))
        self._task.add_done_callback(self._ended)
        return self._task

    def cancel(self) -> None:
        """Ask no more: the socket is closed."""
        if self._task is not None:
            self._task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("The members of shared subscriptions could not be asked again: %r", error)

    async def _ask(self, asked: list[Asked]) -> None:
        async with self._consumer.operation_thread():
            await refresh_user(self._consumer.request)
            for request, member, execute, refuse in asked:
                if member.run is None:
                    continue
                errors = await admit_again(self._consumer, request, member, execute)
                if errors and member.run is not None:
                    refuse(errors)


async def admit_again(
    consumer: SharingConsumer,
    request: OperationRequest,
    member: Member,
    execute: Callable[[], Awaitable[AsyncGenerator[Any, None]]],
) -> list[GraphQLError]:
    """Ask again whether a member may stay, and in which run: another audience has another.

    Args:
        consumer: the subscriber's.
        request: what it asked.
        member: the subscriber.
        execute: begins its own execution.

    Returns:
        Why it may not stay; none if it may. Where nobody can tell, because what is asked fails or
        does not answer, it may not.
    """
    admission = Admission(consumer, request, member)
    admission.begin()
    errors: list[GraphQLError] = []
    try:
        async with within(_ANSWERED_WITHIN):
            results = await execute()
            async with aclosing(results):
                async for result in results:
                    errors += result.errors or []
    except GraphQLError as error:
        errors.append(error)
    except (Exception, asyncio.CancelledError) as error:
        if isinstance(error, asyncio.CancelledError) and is_cancelled():
            raise
        errors.append(internal_error(error, request.operation_name))
    return errors
