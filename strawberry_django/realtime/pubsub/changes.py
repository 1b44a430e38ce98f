"""The change of a row: how it travels, and how each subscriber sees it.

Imports its siblings and the ground modules. Who has chosen rows by their keys sees those rows as
all there are: one that comes to have the keys is created, one that has them no more is deleted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, NamedTuple, TypeVar, get_args
from uuid import UUID

from django.db.models import Model

from .codec import Row, RowGoneError, Way, read_row
from .topics import Key

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


class SentChange(NamedTuple):
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


class SeenChanges(AsyncIterator[Change[M]]):
    """The changes that one subscriber sees.

    Args:
        events: what comes.
        wanted: the values of each key that the subscriber has chosen.
        chosen: the key by which the events come.
        fields: the model's fields that are keys.
    """

    def __init__(
        self,
        events: AsyncIterator[SentChange],
        wanted: Mapping[str, Collection[Key]],
        chosen: str | None,
        fields: Mapping[str, Any],
    ) -> None:
        self._events = events
        self._wanted = wanted
        self._chosen = chosen
        self._fields = fields

    async def __anext__(self) -> Change[M]:
        while True:
            change = self._seen(await anext(self._events))
            if change is not None and (change.kind == "deleted" or self._shows(change.instance)):
                return change

    def _shows(self, instance: Any) -> bool:
        """Tell whether a row may be shown as it is now.

        If it is gone, or is not one of the subscriber's any more, the change that says so is on
        its way.
        """
        return instance is not None and self._fits(
            {name: key_value(field, instance) for name, field in self._fields.items()}
        )

    def _seen(self, sent: SentChange) -> Change[Any] | None:
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


def sendings(sent: SentChange) -> Iterator[tuple[SentChange, dict[str, Key]]]:
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


def way_of_changes(model: type[Model], key: Any, fields: Mapping[str, Any]) -> Way:
    """Return how changes travel; a version that reads them passes over what it does not know."""

    def write(sent: SentChange) -> dict[str, Any]:
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

    def read(data: Any) -> SentChange:
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
        return SentChange(
            change, using, read_keys(data.get("before")), read_keys(data.get("moved_to"))
        )

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
        return {n: scalar(field.to_python(data.get(n))) for n, field in fields.items()}

    return Way("a change", lambda value: isinstance(value, SentChange), write, read)


def _portable(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def key_value(field: Any, instance: Any) -> Key:
    """Return the value of a key in an instance."""
    return scalar(field.to_python(getattr(instance, field.attname)))


def scalar(value: Any) -> Key:
    """Return a value of a field as one that a key may have, and enums as their values."""
    if value is None or isinstance(value, bool | float | UUID):
        return value
    if isinstance(value, int):
        return int(value)
    return str.__str__(value) if isinstance(value, str) else str(value)
