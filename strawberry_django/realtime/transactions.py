"""A mutation in a transaction, where a database asks for one (`ATOMIC_REQUESTS`).

Imports the ground modules only. Django refuses `ATOMIC_REQUESTS` for an
asynchronous view, because its calls may run in any thread. Here all synchronous code of an
operation runs in one thread while a transaction is open, so that the promise can be kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.db import connections, transaction
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from . import threads
from ._upstream.frameworks import aclosing, current_sync_executor
from .exceptions import ThreadWaitError, TransactionTimeoutError
from .logs import internal_error
from .waiting import is_cancelled

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from .conf import OperationRequest
    from .interfaces import SharingConsumer

    RollsBack = Callable[[ExecutionResult], bool]


def atomic_aliases() -> list[str]:
    """Return the databases that have `ATOMIC_REQUESTS`."""
    return [name for name, has in connections.settings.items() if has["ATOMIC_REQUESTS"]]


def root_field_failed(result: ExecutionResult) -> bool:
    """Tell whether one of a mutation's root fields has an error, or is null for one below it."""
    data = result.data or {}
    for error in result.errors or []:
        path = error.path or [""]
        if len(path) == 1 or data.get(str(path[0])) is None:
            return True
    return False


class MutationTransaction:
    """The transactions around one operation, which begin if it is a mutation.

    They begin in its thread, before its first synchronous code runs there: one for each alias
    that has `ATOMIC_REQUESTS`. An exception, or a client that leaves, rolls them back.

    Args:
        rolls_back: the option `rollback_mutation`.
    """

    def __init__(self, rolls_back: RollsBack | None) -> None:
        self.aliases = atomic_aliases()
        self._rolls_back = rolls_back or root_field_failed
        self._entered: ExitStack | None = None
        self._begun = self._finished = False

    def allowing(self, types: Any) -> Any:
        """Return `types`, which Strawberry asks for the type of an operation, and we hear it."""
        return _Listening(types, self._begin) if self.aliases else types

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        executor = current_sync_executor()
        if executor is not None:  # A test's own thread.
            executor.submit(self._enter)
        else:
            threads.before_first_call(self._enter)

    def _enter(self) -> None:
        if self._finished:
            return
        if self._entered is not None:  # It has lost its thread, and the rest must not be done.
            raise TransactionTimeoutError(threads.pool.hold)
        with ExitStack() as entered:
            for alias in self.aliases:
                entered.enter_context(transaction.atomic(using=alias))
            self._entered = entered.pop_all()

    async def finish(self, result: Any, operation_name: str | None) -> Any:
        """Commit what a mutation has done, or roll it back.

        Returns:
            Its result, or the error that the database had as it should commit.
        """
        if self._finished or not isinstance(result, ExecutionResult):
            return result
        if self._entered is None:
            self._finished = True
            return result
        try:
            await self._leave(rolls_back=self._rolls_back(result))
        except Exception as error:
            return ExecutionResult(data=None, errors=[internal_error(error, operation_name)])
        return result

    async def _leave(self, *, rolls_back: bool) -> None:
        def leave() -> None:
            entered, self._entered, self._finished = self._entered, None, True
            with entered or ExitStack():
                for alias in self.aliases if rolls_back else ():
                    transaction.set_rollback(True, using=alias)

        await sync_to_async(leave)()

    async def __aenter__(self) -> MutationTransaction:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        # Who is cancelled leaves its thread, which rolls back what is open in it.
        cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        if self._entered and not (cancelled and is_cancelled()):
            with suppress(ThreadWaitError, TransactionTimeoutError):  # Nothing is open any more.
                await self._leave(rolls_back=True)
        self._finished = True


class _Listening(Container[object]):
    """The operation types that are allowed, and a call when Strawberry asks for a mutation's."""

    def __init__(self, types: Container[object], begin: Callable[[], None]) -> None:
        self._types = types
        self._begin = begin

    def __contains__(self, kind: object) -> bool:
        allowed = kind in self._types
        if allowed and kind is OperationType.MUTATION:
            self._begin()
        return allowed


async def execute(
    consumer: SharingConsumer,
    request: OperationRequest,
    context: Any,
    root_value: Any,
    allowed: Container[OperationType],
) -> Any:
    """Execute a query or a mutation, the latter in a transaction where one is asked for.

    Args:
        consumer: has the schema and the options.
        request: what is asked.
        context: that of the operation.
        root_value: its root value.
        allowed: which types of operations may be executed.
    """
    async with MutationTransaction(consumer.options["rollback_mutation"]) as mutation:
        arguments = _arguments(request, context, root_value)
        result = await consumer.executed_schema.execute(
            request.query, allowed_operation_types=mutation.allowing(allowed), **arguments
        )
        return await mutation.finish(result, request.operation_name)


async def stream(
    consumer: SharingConsumer,
    request: OperationRequest,
    context: Any,
    root_value: Any,
    allowed: Container[OperationType] = frozenset(OperationType),
) -> AsyncGenerator[Any, None]:
    """Return the results of an operation of any kind, a mutation's after its transaction.

    Args: as with `execute`.
    """
    mutation = MutationTransaction(consumer.options["rollback_mutation"])
    arguments = _arguments(request, context, root_value)
    results: Any = await consumer.executed_schema.stream(
        request.query, allowed_operation_types=mutation.allowing(allowed), **arguments
    )
    if not mutation.aliases:
        return results  # type: ignore[no-any-return]
    return _finished(mutation, results, request.operation_name)


def _arguments(request: OperationRequest, context: Any, root_value: Any) -> dict[str, Any]:
    return {
        "variable_values": request.variables,
        "context_value": context,
        "root_value": root_value,
        "operation_name": request.operation_name,
        "operation_extensions": request.extensions,
    }


async def _finished(
    mutation: MutationTransaction, results: AsyncGenerator[Any, None], operation_name: str | None
) -> AsyncGenerator[Any, None]:
    async with mutation, aclosing(results):
        async for result in results:
            yield await mutation.finish(result, operation_name)
