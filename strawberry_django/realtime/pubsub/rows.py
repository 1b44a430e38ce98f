"""The rows of a payload with models: fetched once for all subscribers that select the same.

Imports its siblings and the ground modules.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Hashable, Mapping
from contextvars import Context
from copy import copy
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Model

from .._upstream.frameworks import executor_of_caller, run_in_executor_of_caller
from .._upstream.rows import base_manager
from ..threads import OperationThread, enters_state
from .codec import Row, RowGoneError, Rows, Way, read_with
from .selection import Plan, Selection, current_selection, note_fetched_by

Plans = Mapping[type[Model], Plan]


def read(way: Way, data: Any, using: str | None) -> Any:
    """Read a payload; one that has rows becomes an `Unfetched`.

    Args:
        way: how it travels.
        data: what has come.
        using: the alias that its rows are fetched from, if not the one that wrote them.

    Raises:
        TypeError: it is none of this type; or `ValueError`, or `LookupError`.
    """
    rows = Rows()
    payload = read_with(way, data, rows)
    return Unfetched(way, data, list(rows), using) if rows else payload


class Unfetched:
    """A payload whose rows are still to be fetched.

    Subscribers that select the same share a fetch, but for three cases, in which what is fetched
    may depend on who asks: the selection has relations whose querysets a type may filter by the
    user; it has values that are computed in the query; `enter_thread` has a state for the request.
    """

    def __init__(self, way: Way, data: Any, rows: list[Row], using: str | None) -> None:
        self._way = way
        self._data = data
        self._rows = rows
        self._using = using
        self._fetches: dict[Hashable, asyncio.Task[Any]] = {}

    async def fetch(self) -> Any:
        """Return the payload with its rows, in one query for each model and database.

        Raises:
            RowGoneError: there is nothing left of it.
            DatabaseError: the rows cannot be fetched.
            ThreadWaitError: no thread was free in time.
        """
        selection = current_selection()
        models = dict.fromkeys(row.model for row in self._rows)
        plans = {model: selection.plan(model) if selection else Plan() for model in models}
        known = {model: plan for model, plan in plans.items() if plan is not None}
        if len(known) < len(plans) or enters_state():
            return self._made_of(await sync_to_async(self._fetch)(selection, known))
        # Each event loop has its own tasks; the embedded layer tells all of them.
        key = (asyncio.get_running_loop(), *known.values())
        task = self._fetches.get(key)
        if task is None:
            task = self._fetches[key] = _task_for_all(self._fetch_for_all(known))
            task.add_done_callback(_retrieve)
        return self._made_of(await asyncio.shield(task))

    async def _fetch_for_all(self, plans: Plans) -> dict[Row, Model]:
        async with OperationThread():
            return await sync_to_async(self._fetch)(None, plans)

    def _fetch(self, selection: Selection | None, plans: Plans) -> dict[Row, Model]:
        wanted: dict[tuple[type[Model], str], list[Row]] = {}
        for row in self._rows:
            wanted.setdefault((row.model, self._using or row.using), []).append(row)
        fetched: dict[Row, Model] = {}
        for (model, using), rows in wanted.items():
            queryset = base_manager(model).using(using).filter(pk__in=[row.pk for row in rows])
            plan = plans.get(model)
            if plan is not None:
                queryset = plan(queryset)
            elif selection is not None:
                queryset = selection.optimize(queryset)
            found = {instance.pk: instance for instance in queryset}
            for instance in found.values():
                note_fetched_by(instance, selection, plan)
            fetched.update({row: found[row.pk] for row in rows if row.pk in found})
        return fetched

    def _made_of(self, fetched: Mapping[Row, Model]) -> Any:
        """Return the payload for one subscription, which may alter its rows."""

        def there(row: Row) -> Any:
            if row not in fetched:
                raise RowGoneError(f"{row} is gone")
            return copy(fetched[row])

        return read_with(self._way, self._data, there)


def _task_for_all(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Begin a task that is of no subscriber; in a test it is of the test's thread."""
    context = Context()
    context.run(run_in_executor_of_caller, executor_of_caller())
    return context.run(asyncio.get_running_loop().create_task, coroutine)


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Let asyncio know that a failure is seen: those who waited may have left."""
    if not task.cancelled():
        task.exception()
