"""A topic of a model's changes: published by Django's signals, after the commit.

Imports its siblings and the ground modules.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from django.db.models import Model, signals

from .._upstream.rows import (
    alias_of_row,
    base_manager,
    is_new_row,
    note_on_row,
    options_of,
    take_note,
)
from ..conf import Overflow
from .changes import (
    Change,
    ChangeKind,
    SeenChanges,
    SentChange,
    key_value,
    scalar,
    sendings,
    way_of_changes,
)
from .codec import Way
from .cursor import OnGap
from .history import History
from .topics import Key, Topic

M = TypeVar("M", bound=Model)


class ModelTopic(Generic[M]):
    """The changes of a model: created, updated and deleted rows, published after the commit.

    They are published by every process that imports the topic before it writes: keep it beside
    the model, or import it in `AppConfig.ready`. A change is sent when the transaction has
    committed, and never after a rollback, nor after that of a savepoint around it. Saves of proxy
    models and of multi-table children are changes of the model. Fixtures and the models of
    migrations publish nothing.

    Django sends no signal for `bulk_create`, `bulk_update`, `QuerySet.update` and raw SQL, and for
    a many-to-many relation none of the model. After these, call `publish_created`,
    `publish_updated` or `publish_deleted`.

    Args:
        model: the model.
        keys: the fields by which subscribers choose rows. With keys, each subscription names at
            least one. To save a row that exists, or to delete an instance, then takes one query
            more, for the values that they had.
        only: asked with each instance when it is saved or deleted, in the process that does: a
            change for which it says no is sent to nobody. It sees the row as it is then: who must
            hear of a row that leaves the condition has it as a key.
        name: of the topic; by default made from the model and the keys. It is needed with `only`.
        layer: see `Topic`, and so for `slow_consumer`, `capacity`, `using` and `history`.

    Raises:
        TypeError: the model is abstract, or there is no name with `only`.
        FieldDoesNotExist: the model has no field of a key's name.
    """

    def __init__(
        self,
        model: type[M],
        *,
        keys: Sequence[str] = (),
        only: Callable[[M], bool] | None = None,
        name: str | None = None,
        layer: str = "default",
        slow_consumer: Overflow | None = None,
        capacity: int | None = None,
        using: str | None = None,
        history: History | None = None,
    ) -> None:
        if isinstance(keys, str):
            raise TypeError(f"keys is {keys!r}; expected a list of field names.")
        if options_of(model).abstract:
            raise TypeError(f"{model.__qualname__} is abstract and has no rows.")
        if only is not None and name is None:
            raise TypeError("A ModelTopic with `only` needs a name, which says what it is of.")
        self.model = model
        self.name = name or ".".join(["changes", options_of(model).label_lower, *keys])
        self._only = only
        self._concrete = options_of(model).concrete_model
        self._key = options_of(self._concrete).pk
        self._keys = {key: _column(model, key) for key in keys}
        self._topic = _Changes(
            self.name,
            way_of_changes(model, self._key, self._keys),
            layer=layer,
            slow_consumer=slow_consumer,
            capacity=capacity,
            using=using,
            history=history,
        )
        signals.class_prepared.disconnect(dispatch_uid=self.name)
        signals.class_prepared.connect(self._prepared, weak=False, dispatch_uid=self.name)
        for kind in _with_subclasses(self._concrete):
            self._listen(kind)

    def __repr__(self) -> str:
        return f"<ModelTopic {self.name!r}>"

    @asynccontextmanager
    async def subscribe(
        self, *, after: str | None = None, on_gap: OnGap = "error", **keys: Key | Sequence[Key]
    ) -> AsyncIterator[AsyncIterator[Change[M]]]:
        """Receive the changes of the rows with these keys inside the block.

        A change whose row is gone when it is received, or has other keys by then, is passed over:
        the change that says so is on its way.

        Args:
            after: as with `Topic.subscribe`.
            on_gap: as with `Topic.subscribe`.
            keys: which rows; a list of values stands for any of them, and rows must have all keys.

        Raises:
            TypeError: a key is none of the topic's, or it has keys and none is given.
            ValidationError: a value is none of the key's field.
            ChannelLayerError: as with `Topic.subscribe`, and so for the other errors.
        """
        if keys.keys() - self._keys.keys() or (self._keys and not keys):
            raise TypeError(
                f"{self!r} is subscribed to by {', '.join(self._keys) or 'no key'}; "
                f"got {', '.join(keys) or 'none'}."
            )
        wanted = {name: self._values(name, value) for name, value in keys.items()}
        chosen = next(iter(wanted), None)
        by: dict[str, Any] = {} if chosen is None else {chosen: wanted[chosen]}
        async with self._topic.subscribe(after=after, on_gap=on_gap, **by) as events:
            yield SeenChanges(events, wanted, chosen, self._keys)

    def publish_created(self, rows: Iterable[M], *, using: str | None = None) -> None:
        """Publish that rows were created, when the transaction commits.

        For `bulk_create` and raw SQL.

        Args:
            rows: instances with primary keys.
            using: the alias that they were written to; by default each one's own.

        Raises:
            ValueError: one has no primary key.
        """
        for row in rows:
            self._publish("created", row, using)

    def publish_updated(
        self,
        rows: Iterable[M],
        *,
        before: Iterable[M] = (),
        fields: Collection[str] | None = None,
        using: str | None = None,
    ) -> None:
        """Publish that rows were updated, when the transaction commits.

        For `bulk_update`, `QuerySet.update`, raw SQL and many-to-many relations.

        Args:
            rows: instances as they are now.
            before: those of them whose keys have changed, as they were.
            fields: which fields, if you know.
            using: see `publish_created`.

        Raises:
            ValueError: one has no primary key.
        """
        names = None if fields is None else frozenset(fields)
        were = {self._pk(row): self._keys_of(row, using) for row in before}
        for row in rows:
            self._publish("updated", row, using, names, were.get(self._pk(row)))

    def publish_deleted(self, rows: Iterable[M], *, using: str | None = None) -> None:
        """Publish that rows were deleted, when the transaction commits.

        For raw SQL.

        Args:
            rows: instances as they were, with their primary keys.
            using: see `publish_created`.

        Raises:
            ValueError: one has no primary key.
        """
        for row in rows:
            self._publish("deleted", row, using)

    def _values(self, name: str, value: Key | Sequence[Key]) -> list[Key]:
        values = value if isinstance(value, list | tuple | set | frozenset) else [value]
        return [scalar(self._keys[name].to_python(each)) for each in values]

    def _prepared(self, sender: type[Model], **_: Any) -> None:
        if issubclass(sender, self._concrete):
            self._listen(sender)

    def _listen(self, kind: type[Model]) -> None:
        heard: list[tuple[Any, Any]] = [(signals.post_save, self._saved)]
        if self._keys:
            heard.append((signals.pre_save, self._saving))
        # With a multi-table child its parent is deleted too, if it is, and Django says so.
        if options_of(kind).concrete_model is self._concrete:
            heard.append((signals.pre_delete, self._deleting))
        for signal, receiver in heard:
            signal.disconnect(sender=kind, dispatch_uid=self.name)
            signal.connect(receiver, sender=kind, weak=False, dispatch_uid=self.name)

    def _saving(self, instance: Any, using: str, raw: bool = False, **_: Any) -> None:
        pk = self._pk(instance)
        is_new = is_new_row(instance) and self._key.has_default()
        if not raw and pk is not None and not is_new:
            note_on_row(instance, self.name, self._stored(pk, using))

    def _saved(
        self,
        instance: Any,
        created: bool,
        using: str,
        raw: bool = False,
        update_fields: frozenset[str] | None = None,
        **_: Any,
    ) -> None:
        before = take_note(instance, self.name)
        if raw:
            return
        if created:
            self._publish("created", instance, using)
        else:
            self._publish("updated", instance, using, update_fields, before)

    def _deleting(self, instance: Any, using: str, origin: Any = None, **_: Any) -> None:
        # All that is sent is read now. If the row cannot be deleted, the transaction fails. What
        # a queryset or a cascade deletes has just been fetched; a project's instance may be old.
        is_old = self._keys and origin is instance
        keys = self._stored(self._pk(instance), using) if is_old else None
        self._publish("deleted", instance, using, keys=keys)

    def _stored(self, pk: Any, using: str | None) -> dict[str, Key] | None:
        """Return the keys that a row has in the database, if it is there."""
        names = [field.attname for field in self._keys.values()]
        rows = base_manager(self._concrete).using(using).filter(pk=pk).values_list(*names)
        for row in rows:
            return dict(zip(self._keys, map(scalar, row), strict=True))
        return None

    def _publish(
        self,
        kind: ChangeKind,
        instance: Any,
        using: str | None,
        fields: frozenset[str] | None = None,
        before: Mapping[str, Key] | None = None,
        keys: Mapping[str, Key] | None = None,
    ) -> None:
        if self._only is not None and not self._only(instance):
            return
        pk = self._pk(instance)
        if pk is None:
            raise ValueError(
                f"This {self.model.__qualname__} has no primary key, so nobody can be told of it."
            )
        using = using or alias_of_row(instance) or "default"
        keys = keys or self._keys_of(instance, using, fields, before)
        change: Change[Any] = Change(kind, pk, instance, fields, keys)
        for sent, by in sendings(SentChange(change, using, before)):
            self._topic.publish_on_commit(sent, using=using, **by)

    def _pk(self, instance: Any) -> Any:
        return getattr(instance, self._key.attname)

    def _keys_of(
        self,
        instance: Any,
        using: str | None,
        fields: frozenset[str] | None = None,
        before: Mapping[str, Key] | None = None,
    ) -> dict[str, Key]:
        """Return the keys that a row has now in the database."""
        keys: dict[str, Key] = {}
        for name, field in self._keys.items():
            if before is not None and (
                field.attname in instance.get_deferred_fields()
                or (fields is not None and fields.isdisjoint({field.name, field.attname}))
            ):
                keys[name] = before[name]  # It was not saved.
                continue
            if hasattr(getattr(instance, field.attname), "resolve_expression"):  # F(), say.
                return self._stored(self._pk(instance), using) or {}
            keys[name] = key_value(field, instance)
        return keys


class _Changes(Topic[SentChange]):
    """The topic that carries the changes."""

    def __init__(self, name: str, way: Way, **options: Any) -> None:
        super().__init__(name, SentChange, **options)
        self._way = way


def _column(model: type[Model], name: str) -> Any:
    field = options_of(model).get_field(name)
    if not getattr(field, "column", None):
        raise TypeError(f"{model.__qualname__}.{name} has no column, and so is no key.")
    return field


def _with_subclasses(model: type[Model]) -> Iterator[type[Model]]:
    yield model
    for below in model.__subclasses__():
        if not options_of(below).abstract:
            yield from _with_subclasses(below)
