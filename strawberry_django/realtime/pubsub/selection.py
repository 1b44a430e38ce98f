"""What the running subscription selects of a model, for strawberry_django's optimizer.

Imports the ground modules. The optimizer sees what a field of a query returns: a queryset, which
it lets fetch the selected relations too. An event of a subscription is mostly a row that was
fetched already, or one of a topic, which is fetched before a field can return it. So the fields of
the subscription type note what was asked when the subscription begins, and complete the rows of
each event. A schema without the optimizer stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.db.models import Model, QuerySet, prefetch_related_objects
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from strawberry_django.utils.typing import get_django_definition

from .._upstream.rows import (
    base_manager,
    fetched_rows,
    graphql_schema,
    joins_of,
    mark_of_row,
    mark_row,
    prefetches_of,
    strawberry_type,
)

if TYPE_CHECKING:
    from typing import TypeAlias

    from graphql import GraphQLResolveInfo
    from strawberry.schema import BaseSchema

    ResolveInfo: TypeAlias = GraphQLResolveInfo[Any]


@dataclass(frozen=True)
class Plan:
    """The relations that are fetched with the rows of a model.

    Attributes:
        joins: those that come in the same query.
        prefetches: those that take a query each, whose querysets may depend on who asks.
        annotates: whether the rows have values that are computed in the query.
    """

    joins: tuple[str, ...] = ()
    prefetches: tuple[Any, ...] = ()
    annotates: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is the same for all that select the same."""
        return not self.annotates and all(isinstance(each, str) for each in self.prefetches)

    def __call__(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Have a queryset fetch the relations."""
        rows = rows.select_related(*self.joins) if self.joins else rows
        return rows.prefetch_related(*self.prefetches) if self.prefetches else rows


class Selection:
    """What one subscription selects.

    Args:
        info: the field's, as graphql-core gives it.
        optimizer: the operation's.
    """

    def __init__(self, info: ResolveInfo, optimizer: Any) -> None:
        self._info = info
        self._shows_rows = any(_model_of(kind, info) for kind in _kinds_of(info))
        self.optimizer = optimizer
        self._plans: dict[type[Model], Plan | None] = {}

    def plan(self, model: type[Model]) -> Plan | None:
        """Return the plan for a model; `None` if it may differ from event to event.

        Then it must be made in a thread, by `optimize`.
        """
        if model not in self._plans:
            try:
                plan = plan_of(self.optimize(base_manager(model).all()))
            except SynchronousOnlyOperation:  # What a project does in `get_queryset`.
                plan = None
            self._plans[model] = plan if plan is not None and plan.is_plain else None
        return self._plans[model]

    def optimize(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Have a queryset fetch what is selected."""
        info = next(_infos_of(rows.model, self._info), None)
        optimized: QuerySet[Any] = rows if info is None else self.optimizer.optimize(rows, info)
        return optimized

    def complete(self, event: Any) -> Any:
        """Return an event with its rows' relations, or what is awaited for it.

        The rows are copied: those of the resolver go on as they are, and show next time what the
        database has then.
        """
        rows = _rows_in(event) if self._shows_rows else ()
        if not rows:
            return event
        plan = self.plan(type(rows[0]))
        missing = [row for row in rows if not is_fetched_by(row, self, plan)]
        if not missing or (plan is not None and not plan.joins and not plan.prefetches):
            return event
        return self._completed(rows, plan, is_list=not _is_row(event))

    async def _completed(
        self, rows: Sequence[Model], known: Plan | None, *, is_list: bool
    ) -> Model | list[Model]:
        model = type(rows[0])

        def complete() -> list[Model]:
            plan = known
            if plan is None:
                plan = plan_of(self.optimize(base_manager(model).all()))
            copies = [copy.copy(row) for row in rows]
            prefetch_related_objects(copies, *plan.joins, *plan.prefetches)
            return copies

        copies = await sync_to_async(complete)()
        return copies if is_list else copies[0]


def plan_of(rows: QuerySet[Any]) -> Plan:
    """Return the plan that the optimizer has made for a queryset."""
    return Plan(joins_of(rows), prefetches_of(rows), bool(rows.query.annotations))


def note_fetched_by(row: Model, selection: Selection | None, plan: Plan | None) -> None:
    """Note that a row has been fetched with what is selected."""
    mark_row(row, plan or selection)


def is_fetched_by(row: Model, selection: Selection, plan: Plan | None) -> bool:
    """Tell whether a row has been fetched with all that is selected."""
    mark = mark_of_row(row)
    return mark is not None and (mark is selection or mark == plan)


def current_selection() -> Selection | None:
    """Return that of the running task's subscription; `None` without the optimizer."""
    return _current.get()


def note_selections(schema: BaseSchema) -> None:
    """Have the subscriptions of a schema note what they select, if it has the optimizer."""
    known = graphql_schema(schema)
    subscriptions = getattr(known, "subscription_type", None)
    if known is None or subscriptions is None or _NOTED in known.extensions:
        return
    known.extensions[_NOTED] = True
    if not _has_optimizer(schema):
        return
    for field in subscriptions.fields.values():
        if field.subscribe is not None and field.resolve is not None:
            field.subscribe = _noting(field.subscribe)
            field.resolve = _completing(field.resolve)


def _has_optimizer(schema: Any) -> bool:
    from strawberry_django.optimizer import DjangoOptimizerExtension

    return any(isinstance(each, DjangoOptimizerExtension) for each in schema.get_extensions())


def _noting(subscribe: Callable[..., Any]) -> Callable[..., Any]:
    from strawberry_django.optimizer import optimizer

    def note_and_subscribe(source: Any, info: ResolveInfo, **arguments: Any) -> Any:
        running = optimizer.get()
        _current.set(None if running is None else Selection(info, running))
        return subscribe(source, info, **arguments)

    return note_and_subscribe


def _completing(resolve: Callable[..., Any]) -> Callable[..., Any]:
    from strawberry_django.optimizer import optimizer

    def resolve_and_complete(event: Any, info: ResolveInfo, **arguments: Any) -> Any:
        event = resolve(event, info, **arguments)
        selection = _current.get()
        if selection is None or not selection.optimizer.enabled.get():
            return event
        # As in a query: relations that a field returns as querysets are optimized by it.
        optimizer.set(selection.optimizer)
        return selection.complete(event)

    return resolve_and_complete


def _is_row(value: Any) -> bool:
    return isinstance(value, Model)


def _rows_in(event: Any) -> Sequence[Model]:
    """Return the rows that an event is or lists, all of one model; none if it is anything else."""
    if _is_row(event):
        return [event]
    if isinstance(event, QuerySet):
        event = fetched_rows(event)
    if isinstance(event, list | tuple) and event and _is_row(event[0]):
        return event if all(type(row) is type(event[0]) for row in event) else ()
    return ()


def _infos_of(model: type[Model], info: ResolveInfo) -> Iterator[ResolveInfo]:
    """Yield the `info` of each selected field whose type stands for a model, the outermost first.

    What lies below such a field is the optimizer's.
    """
    waiting = [info]
    while waiting:
        info = waiting.pop(0)
        kinds = _kinds_of(info)
        represented = {kind: _model_of(kind, info) for kind in kinds}
        for kind, other in represented.items():
            if other is not None and (issubclass(model, other) or issubclass(other, model)):
                yield info._replace(return_type=kind)
        if any(represented.values()):
            continue
        fields: dict[tuple[GraphQLObjectType, str], list[FieldNode]] = {}
        for parent, node in _selected(get_named_type(info.return_type), info.field_nodes, info):
            if isinstance(parent, GraphQLObjectType):
                name = node.alias.value if node.alias else node.name.value
                fields.setdefault((parent, name), []).append(node)
        for (parent, name), nodes in fields.items():
            field = parent.fields.get(nodes[0].name.value)
            if field is not None:
                waiting.append(
                    info._replace(
                        field_name=nodes[0].name.value,
                        field_nodes=nodes,
                        return_type=field.type,
                        parent_type=parent,
                        path=info.path.add_key(name, parent.name),
                    )
                )


def _kinds_of(info: ResolveInfo) -> Sequence[GraphQLObjectType]:
    """Return the types that an object of a field may have; none if it returns no objects."""
    kind = get_named_type(info.return_type)
    if is_abstract_type(kind):
        return info.schema.get_possible_types(kind)
    return [kind] if is_object_type(kind) else []


def _selected(
    kind: GraphQLNamedType, nodes: Iterable[Any], info: ResolveInfo
) -> Iterator[tuple[GraphQLNamedType, FieldNode]]:
    """Yield the fields that nodes select, each with the type that has it."""
    for node in nodes:
        for selected in node.selection_set.selections if node.selection_set else ():
            if isinstance(selected, FieldNode):
                yield kind, selected
                continue
            below: Any = selected
            if isinstance(selected, FragmentSpreadNode):
                below = info.fragments[selected.name.value]
            on = below.type_condition
            inner = info.schema.get_type(on.name.value) if on is not None else kind
            yield from _selected(inner or kind, [below], info)


def _model_of(kind: GraphQLNamedType, info: ResolveInfo) -> type[Model] | None:
    django = get_django_definition(strawberry_type(info.schema, kind.name))
    return None if django is None else django.model


#: The key of a GraphQL schema's `extensions` that says that it has been looked at.
_NOTED = "strawberry_django.realtime.selections"

_current: ContextVar[Selection | None] = ContextVar("selection", default=None)
