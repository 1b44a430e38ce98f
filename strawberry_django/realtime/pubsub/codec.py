"""How the payload of a topic travels: as JSON, by the type that the topic declares.

Imports the ground modules. What comes is read by that type and by nothing that the message says,
so that a message cannot name a class. A field that is not known is passed over, and one that is
missing has its default: the version before and the version after read each other's events.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import decimal
import enum
import math
import types
import typing
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.db.models import Model
from django.utils.dateparse import parse_duration
from django.utils.duration import duration_iso_string
from strawberry.types import has_object_definition
from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.lazy_type import LazyType
from strawberry.types.union import StrawberryUnion
from strawberry_django.utils.typing import get_django_definition

from .._upstream.rows import alias_of_row, key_of_model
from ..exceptions import PayloadError


class Way(NamedTuple):
    """How values of one type travel.

    Attributes:
        name: what the type is called in an error, and in a union.
        takes: tells whether a value is of the type.
        write: returns what stands for it in JSON; raises `PayloadError`.
        read: returns the value again; raises `TypeError`, `ValueError` or `LookupError`.
    """

    name: str
    takes: Callable[[Any], bool]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def way_of(kind: Any) -> Way:
    """Return how values of the type `kind` travel.

    Raises:
        TypeError: they do not.
    """
    return _Ways().of(kind)


def write(way: Way, payload: Any) -> Any:
    """Return what stands for `payload` in JSON.

    Raises:
        PayloadError: a part of it cannot travel; the error names the path to it.
    """
    if not way.takes(payload):
        raise _unfit(way.name, payload)
    return way.write(payload)


class _Ways:
    """The ways of a type and of all that it is made of; a type may contain itself."""

    def __init__(self) -> None:
        self._made: dict[Any, Way] = {}

    def of(self, kind: Any) -> Way:
        kind = _plain(kind)
        try:
            known = self._made.get(kind)
        except TypeError:  # A hint that is not hashable.
            return self._make(kind)
        if known is None:
            known = self._made[kind] = self._make(kind)
        return known

    def _make(self, kind: Any) -> Way:
        if kind in _SIMPLE:
            return _SIMPLE[kind]
        if isinstance(kind, type):
            if issubclass(kind, enum.Enum):
                return _enum(kind)
            if issubclass(kind, Model):
                return _model(kind)
            django_type = get_django_definition(kind)
            if django_type is not None:
                return self.of(django_type.model)
            if dataclasses.is_dataclass(kind):
                return self._object(kind)
        if isinstance(kind, StrawberryOptional):
            return self._optional([kind.of_type])
        if isinstance(kind, StrawberryList):
            return self._list(kind.of_type, list)
        if isinstance(kind, StrawberryUnion):
            return self._union(kind.types)
        return self._of_generic(kind)

    def _of_generic(self, kind: Any) -> Way:
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin in {typing.Union, types.UnionType}:
            rest = [each for each in arguments if each is not type(None)]
            return self._optional(rest) if len(rest) < len(arguments) else self._union(rest)
        if origin is typing.Literal:
            return _literal(arguments)
        if origin is tuple and arguments[-1:] != (...,):
            return self._tuple([self.of(each) for each in arguments])
        if isinstance(origin, type):
            if issubclass(origin, Mapping) and _plain(arguments[0]) is str:
                return self._dict(arguments[1])
            if issubclass(origin, Iterable) and not issubclass(origin, Mapping):
                made = list if origin in _ABSTRACT else origin
                return self._list(arguments[0], made)
        name = getattr(kind, "__qualname__", None) or repr(kind)
        raise TypeError(
            f"{name} cannot be sent to other processes. A payload is a Strawberry type, a "
            "dataclass, a Django model, or a plain value: a number, a text, a date, an enum, or "
            "a list or a dict of these."
        )

    def _optional(self, kinds: Sequence[Any]) -> Way:
        inner = self.of(kinds[0]) if len(kinds) == 1 else self._union(kinds)
        return Way(
            f"{inner.name} or None",
            lambda value: value is None or inner.takes(value),
            lambda value: None if value is None else inner.write(value),
            lambda data: None if data is None else _unless_gone(inner, data),
        )

    def _union(self, kinds: Iterable[Any]) -> Way:
        ways = [self.of(kind) for kind in kinds]
        by_name = {way.name: way for way in ways}

        def write_one(value: Any) -> list[Any]:
            way = next(way for way in ways if way.takes(value))
            return [way.name, way.write(value)]

        def read(data: Any) -> Any:
            name, content = data
            return by_name[name].read(content)

        def takes(value: Any) -> bool:
            return any(way.takes(value) for way in ways)

        return Way(" or ".join(by_name), takes, write_one, read)

    def _list(self, kind: Any, made: Callable[[Iterable[Any]], Any]) -> Way:
        inner = self.of(kind)

        def write_all(value: Any) -> list[Any]:
            written: list[Any] = []
            try:
                written.extend(write(inner, each) for each in value)
            except PayloadError as error:
                raise error.below(f"[{len(written)}]") from None
            return written

        def read(data: Any) -> Any:
            values = (_unless_gone(inner, each, gone=_GONE) for each in data)
            return made([value for value in values if value is not _GONE])

        return Way(f"a list of {inner.name}", _is_list, write_all, read)

    @staticmethod
    def _tuple(ways: Sequence[Way]) -> Way:
        def takes(value: Any) -> bool:
            return isinstance(value, tuple) and len(value) == len(ways)

        def write_all(value: Any) -> list[Any]:
            written: list[Any] = []
            try:
                for way, each in zip(ways, value, strict=True):
                    written.append(write(way, each))
            except PayloadError as error:
                raise error.below(f"[{len(written)}]") from None
            return written

        def read(data: Any) -> Any:
            return tuple(way.read(each) for way, each in zip(ways, data, strict=True))

        return Way(f"a tuple of {len(ways)}", takes, write_all, read)

    def _dict(self, kind: Any) -> Way:
        inner = self.of(kind)

        def write_all(value: Any) -> dict[str, Any]:
            written = {}
            for key, each in value.items():
                if not isinstance(key, str):
                    raise _unfit("a text as key", key)
                try:
                    written[key] = write(inner, each)
                except PayloadError as error:
                    raise error.below(f"[{key!r}]") from None
            return written

        def read(data: Any) -> Any:
            return {key: inner.read(each) for key, each in data.items()}

        return Way(f"a dict of {inner.name}", lambda v: isinstance(v, Mapping), write_all, read)

    def _object(self, kind: Any) -> Way:
        fields: dict[str, Way] = {}

        def write_all(value: Any) -> dict[str, Any]:
            written: dict[str, Any] = {}
            name = ""
            try:
                for name, way in fields.items():
                    written[name] = write(way, getattr(value, name))
            except PayloadError as error:
                raise error.below(f".{name}") from None
            return written

        def read(data: Any) -> Any:
            known = {name: way.read(data[name]) for name, way in fields.items() if name in data}
            rows = _row.get()
            if isinstance(rows, Rows) and rows:
                return None  # It is made when they are fetched: its `__post_init__` expects them.
            return kind(**known)

        made = Way(kind.__qualname__, lambda value: type(value) is kind, write_all, read)
        self._made[kind] = made  # Before its fields, which may lead back to it.
        fields.update({name: self.of(hint) for name, hint in _fields(kind)})
        return made


def _plain(kind: Any) -> Any:
    """Return a type without what Strawberry or `typing` put around it."""
    while True:
        if isinstance(kind, LazyType):
            kind = kind.resolve_type()
        elif isinstance(kind, StrawberryEnumDefinition):
            kind = kind.wrapped_cls
        elif typing.get_origin(kind) is typing.Annotated:
            kind = typing.get_args(kind)[0]
        elif hasattr(kind, "__supertype__"):  # A NewType: `strawberry.ID` is one.
            kind = kind.__supertype__
        else:
            return kind


def _fields(kind: Any) -> Iterable[tuple[str, Any]]:
    """Yield the name and the type of each field that a constructor of `kind` takes."""
    declared = {}
    taken = dataclasses.fields(kind)
    if has_object_definition(kind):
        declared = {f.python_name: f.type for f in kind.__strawberry_definition__.fields}
    hints: dict[str, Any] | None = None
    for field in taken:
        if not field.init:
            continue
        if field.name in declared:
            yield field.name, declared[field.name]
            continue
        if hints is None:
            hints = typing.get_type_hints(kind)
        yield field.name, hints[field.name]


def _unfit(expected: str, value: Any) -> PayloadError:
    return PayloadError("", expected, value)


def _same(value: Any) -> Any:
    return value


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | Set) and not isinstance(value, str | bytes)


def _is_number(value: Any) -> bool:
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    return fits and math.isfinite(value)


def _whole(data: Any) -> int:
    if isinstance(data, bool) or not isinstance(data, int):
        raise TypeError(f"{data!r} is no int")
    return data


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise TypeError(f"{data!r} is no str")
    return data


def _enum(kind: Any) -> Way:
    def write(value: Any) -> str:
        return str(value.name)

    return Way(kind.__qualname__, lambda v: isinstance(v, kind), write, lambda d: kind[d])


def _literal(values: Sequence[Any]) -> Way:
    def read(data: Any) -> Any:
        if data not in values:
            raise ValueError(f"{data!r} is none of {values}")
        return data

    return Way(" or ".join(map(repr, values)), lambda v: v in values, _same, read)


@dataclasses.dataclass(frozen=True)
class Row:
    """A row that a payload stands for, until it is fetched.

    Attributes:
        model: the model.
        using: the alias of the database that it was written to.
        pk: its primary key.
    """

    model: type[Model]
    using: str
    pk: Any


class Rows(dict[Row, None]):
    """The rows that a payload stands for, in the order in which they were met."""

    def __call__(self, row: Row) -> Row:
        """Take a row, which stands for itself."""
        self[row] = None
        return row


class RowGoneError(Exception):
    """A row that a payload stands for is not there any more, and nothing can stand for it."""


def read_with(way: Way, data: Any, row: Callable[[Row], Any]) -> Any:
    """Read a payload in which `row` says what stands for each row.

    Raises:
        RowGoneError: `row` has raised it, for a value that is neither optional nor in a list.
    """
    token = _row.set(row)
    try:
        return way.read(data)
    finally:
        _row.reset(token)


def read_row(row: Row) -> Any:
    """Return what stands for a row, while a payload is read."""
    return _row.get()(row)


def _unless_gone(way: Way, data: Any, *, gone: Any = None) -> Any:
    try:
        return way.read(data)
    except RowGoneError:
        return gone


def _model(kind: type[Model]) -> Way:
    key = key_of_model(kind)

    def write(value: Model) -> list[Any]:
        if value.pk is None:
            raise _unfit(f"a {kind.__qualname__} that is saved", value)
        return [alias_of_row(value), key.value_to_string(value)]

    def read(data: Any) -> Any:
        using, pk = data
        return read_row(Row(kind, using or "default", key.to_python(pk)))

    return Way(kind.__qualname__, lambda value: isinstance(value, kind), write, read)


def _json(value: Any) -> Any:
    """Write a value of any type that JSON has."""
    if value is None or isinstance(value, bool | str) or _is_number(value):
        return value
    if _is_list(value):
        return _Ways().of(list[Any]).write(value)
    if isinstance(value, Mapping):
        return _Ways().of(dict[str, Any]).write(value)
    raise _unfit("a value that JSON has", value)


_GONE = object()

_ABSTRACT = {*map(typing.get_origin, (typing.Sequence[int], typing.Iterable[int]))} | {
    typing.get_origin(each) for each in (typing.Collection[int], typing.MutableSequence[int])
}

_JSON = Way("a value that JSON has", lambda _: True, _json, _same)


def _simple(kind: type, name: str, write: Callable[[Any], Any], read: Callable[[Any], Any]) -> Way:
    return Way(name, lambda value: type(value) is kind, write, read)


#: The types that need not be looked into.
_SIMPLE: dict[Any, Way] = {
    Any: _JSON,
    object: _JSON,
    list: Way("a list", _is_list, _json, _same),
    dict: Way("a dict", lambda v: isinstance(v, Mapping), _json, _same),
    type(None): Way("None", lambda v: v is None, _same, _same),
    None: Way("None", lambda v: v is None, _same, _same),
    bool: Way("a bool", lambda v: isinstance(v, bool), _same, bool),
    int: Way("an int", lambda v: isinstance(v, int) and not isinstance(v, bool), int, _whole),
    float: Way("a finite number", _is_number, float, float),
    str: Way("a text", lambda v: isinstance(v, str), str, _text),
    bytes: Way(
        "bytes",
        lambda v: isinstance(v, bytes),
        lambda v: base64.b64encode(v).decode(),
        base64.b64decode,
    ),
    uuid.UUID: Way("a UUID", lambda v: isinstance(v, uuid.UUID), str, uuid.UUID),
    decimal.Decimal: Way(
        "a Decimal", lambda v: isinstance(v, decimal.Decimal), str, decimal.Decimal
    ),
    datetime.datetime: Way(
        "a datetime",
        lambda v: isinstance(v, datetime.datetime),
        datetime.datetime.isoformat,
        datetime.datetime.fromisoformat,
    ),
    datetime.date: _simple(
        datetime.date, "a date", datetime.date.isoformat, datetime.date.fromisoformat
    ),
    datetime.time: _simple(
        datetime.time, "a time", datetime.time.isoformat, datetime.time.fromisoformat
    ),
    datetime.timedelta: Way(
        "a timedelta",
        lambda v: isinstance(v, datetime.timedelta),
        duration_iso_string,
        lambda data: parse_duration(data),
    ),
}

_row: ContextVar[Callable[[Row], Any]] = ContextVar("row", default=_same)
