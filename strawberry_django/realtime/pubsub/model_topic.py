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
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, NamedTuple, TypeVar, get_args
from uuid import UUID

from django.db.models import Model, signals

from .._upstream import (
    alias_of_row,
    base_manager,
    is_new_row,
    note_on_row,
    options_of,
    take_note,
)
from ..conf import Overflow
from .codec import Row, RowGoneError, Way, read_row
from .topics import Key, Topic

M = TypeVar("M", bound=Model)

ChangeKind = Literal["created", "updated", "deleted"]


@dataclass(frozen=True)
class Change(Generic[M]):
    """What has happened to a row, as one subscriber sees it.

    Attributes:
        kind: `"created"`, `"updated"` or `"deleted"`. For a subscriber that has chosen rows by
            their keys, a row that comes to have them is created, and one that has them no more is
            deleted.
        pk: its primary key.
        instance: the row as it was when the change was received, with what the subscription
            selects; `None` if it was deleted.
        fields: the names in `update_fields`, if that is how it was saved; else `None`: Django
            does not know.
        keys: the values of the topic's keys; of a deleted row those that it had.
    """

    kind: ChangeKind
    pk: Any
    instance: M | None
    fields: frozenset[str] | None
    keys: Mapping[str, Key]


class _Sent(NamedTuple):
    """A change as it travels: once for each group of subscribers that may have chosen the row.

    Attributes:
        change: it.
        using: the alias that was written to.
        before: the keys that the row had, if it was updated.
        moved_to: those that it has now, if this is for who had chosen it by another.
    """

    change: Change[Any]
    using: str
    before: Mapping[str, Key] | None = None
    moved_to: Mapping[str, Key] | None = None


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
            least one. A save of a row that exists then takes one query more, for the values that
            they had.
        only: asked with each instance when it is saved or deleted, in the process that does: a
            change for which it says no is sent to nobody. It sees the row as it is then: who must
            hear of a row that leaves the condition has it as a key.
        name: of the topic; by default made from the model and the keys. It is needed with `only`.
        layer: see `Topic`, and so for `slow_consumer`, `capacity` and `using`.

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
            _way(model, self._key, self._keys),
            layer=layer,
            slow_consumer=slow_consumer,
            capacity=capacity,
            using=using,
        )
        signals.class_prepared.disconnect(dispatch_uid=self.name)
        signals.class_prepared.connect(self._prepared, weak=False, dispatch_uid=self.name)
        for kind in _with_subclasses(self._concrete):
            self._listen(kind)

    def __repr__(self) -> str:
        return f"<ModelTopic {self.name!r}>"

    @asynccontextmanager
    async def subscribe(
        self, **keys: Key | Sequence[Key]
    ) -> AsyncIterator[AsyncIterator[Change[M]]]:
        """Receive the changes of the rows with these keys inside the block.

        A change whose row is gone when it is received is passed over: that it was deleted is on
        its way.

        Args:
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
        by: dict[str, Sequence[Key]] = {} if chosen is None else {chosen: wanted[chosen]}
        async with self._topic.subscribe(**by) as events:
            yield _Seen(events, wanted, chosen)

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
        self, rows: Iterable[M], *, fields: Collection[str] | None = None, using: str | None = None
    ) -> None:
        """Publish that rows were updated, when the transaction commits.

        For `bulk_update`, `QuerySet.update`, raw SQL and many-to-many relations. For rows that
        have other keys than before, publish those before as deleted and those after as created.

        Args:
            rows: instances as they are now.
            fields: which fields, if you know.
            using: see `publish_created`.

        Raises:
            ValueError: one has no primary key.
        """
        for row in rows:
            self._publish("updated", row, using, None if fields is None else frozenset(fields))

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
        return [_scalar(self._keys[name].to_python(each)) for each in values]

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
        pk = getattr(instance, self._key.attname)
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

    def _deleting(self, instance: Any, using: str, **_: Any) -> None:
        # All that is sent is read now. If the row cannot be deleted, the transaction fails.
        self._publish("deleted", instance, using)

    def _stored(self, pk: Any, using: str) -> dict[str, Key] | None:
        """Return the keys that a row has in the database, if it is there."""
        names = [field.attname for field in self._keys.values()]
        rows = base_manager(self._concrete).using(using).filter(pk=pk).values_list(*names)
        for row in rows:
            return dict(zip(self._keys, map(_scalar, row), strict=True))
        return None

    def _publish(
        self,
        kind: ChangeKind,
        instance: Any,
        using: str | None,
        fields: frozenset[str] | None = None,
        before: Mapping[str, Key] | None = None,
    ) -> None:
        if self._only is not None and not self._only(instance):
            return
        pk = getattr(instance, self._key.attname)
        if pk is None:
            raise ValueError(
                f"This {self.model.__qualname__} has no primary key, so nobody can be told of it."
            )
        using = using or alias_of_row(instance) or "default"
        keys = self._keys_of(instance, pk, using, fields, before)
        change: Change[Any] = Change(kind, pk, instance, fields, keys)
        for sent, by in _sendings(_Sent(change, using, before)):
            self._topic.publish_on_commit(sent, using=using, **by)

    def _keys_of(
        self,
        instance: Any,
        pk: Any,
        using: str,
        fields: frozenset[str] | None,
        before: Mapping[str, Key] | None,
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
            value = getattr(instance, field.attname)
            if hasattr(value, "resolve_expression"):  # F() and the like.
                return self._stored(pk, using) or {}
            keys[name] = _scalar(field.to_python(value))
        return keys


class _Changes(Topic[_Sent]):
    """The topic that carries the changes."""

    def __init__(self, name: str, way: Way, **options: Any) -> None:
        super().__init__(name, _Sent, **options)
        self._way = way


class _Seen(AsyncIterator[Change[M]]):
    """The changes that one subscriber sees."""

    def __init__(
        self,
        events: AsyncIterator[_Sent],
        wanted: Mapping[str, Collection[Key]],
        chosen: str | None,
    ) -> None:
        self._events = events
        self._wanted = wanted
        self._chosen = chosen

    async def __anext__(self) -> Change[M]:
        while True:
            change = self._seen(await anext(self._events))
            # A row that is gone: that it was deleted is on its way.
            if change is not None and (change.kind == "deleted" or change.instance is not None):
                return change

    def _seen(self, sent: _Sent) -> Change[Any] | None:
        change = sent.change
        if self._chosen is None:
            return change
        is_mine = self._fits(change.keys)
        if sent.moved_to is not None:
            # Who has chosen the keys after as well is sent the change itself.
            return change if is_mine and not self._fits(sent.moved_to) else None
        was_mine = is_mine if sent.before is None else self._fits(sent.before)
        if is_mine:
            return change if was_mine else replace(change, kind="created")
        if was_mine and sent.before and sent.before[self._chosen] == change.keys[self._chosen]:
            return replace(change, kind="deleted", instance=None, keys=sent.before)
        return None

    def _fits(self, keys: Mapping[str, Key]) -> bool:
        return all(keys[name] in values for name, values in self._wanted.items())


def _sendings(sent: _Sent) -> Iterator[tuple[_Sent, dict[str, Key]]]:
    """Yield what is sent for a change, each with the key that it is sent to."""
    change, before = sent.change, sent.before
    if not change.keys:
        yield sent, {}
    for name, value in change.keys.items():
        yield sent, {name: value}
        if before is not None and before[name] != value:
            left = replace(change, kind="deleted", keys=before)
            yield (
                sent._replace(change=left, before=None, moved_to=change.keys),
                {name: before[name]},
            )


def _way(model: type[Model], key: Any, fields: Mapping[str, Any]) -> Way:
    """Return how changes travel; a version that reads them passes over what it does not know."""

    def write(sent: _Sent) -> dict[str, Any]:
        change = sent.change
        return {
            "kind": change.kind,
            "pk": _portable(change.pk),
            "using": sent.using,
            "fields": None if change.fields is None else sorted(change.fields),
            "keys": write_keys(change.keys),
            "before": write_keys(sent.before),
            "moved_to": write_keys(sent.moved_to),
        }

    def read(data: Any) -> _Sent:
        kind, using, pk, names = data["kind"], data["using"], data["pk"], data.get("fields")
        if kind not in get_args(ChangeKind):
            raise ValueError(f"{kind!r} is no kind of change")
        pk = key.to_python(pk)
        change: Change[Any] = Change(
            kind,
            pk,
            None if kind == "deleted" else read_instance(Row(model, using, pk)),
            None if names is None else frozenset(names),
            read_keys(data["keys"]) or {},
        )
        return _Sent(change, using, read_keys(data.get("before")), read_keys(data.get("moved_to")))

    def read_instance(row: Row) -> Any:
        try:
            return read_row(row)
        except RowGoneError:
            return None

    def write_keys(keys: Mapping[str, Key] | None) -> dict[str, Any] | None:
        return None if keys is None else {name: _portable(key) for name, key in keys.items()}

    def read_keys(data: Any) -> dict[str, Key] | None:
        if data is None:
            return None
        return {n: _scalar(field.to_python(data.get(n))) for n, field in fields.items()}

    return Way("a change", lambda value: isinstance(value, _Sent), write, read)


def _portable(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _scalar(value: Any) -> Key:
    """Return a value of a field as one that a key may have, and enums as their values."""
    if value is None or isinstance(value, bool | float | UUID):
        return value
    if isinstance(value, int):
        return int(value)
    return str.__str__(value) if isinstance(value, str) else str(value)


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
