"""Of Django's models and querysets, and of the optimizer that reads them.

Ground: imports nothing of its siblings.
"""

# ruff: noqa: SLF001 - the rule that holds everywhere else

from __future__ import annotations

from collections.abc import Generator
from typing import Any


def key_of_model(model: Any) -> Any:
    """Return the field that is the primary key of a model."""
    return model._meta.pk


def alias_of_row(row: Any) -> str | None:
    """Return the alias of the database that a model's instance was read from or written to."""
    alias: str | None = row._state.db
    return alias


def base_manager(model: Any) -> Any:
    """Return the manager of a model that Django itself finds related rows with: all of them."""
    return model._base_manager


def options_of(model: Any) -> Any:
    """Return what Django knows of a model."""
    return model._meta


def is_new_row(row: Any) -> bool:
    """Tell whether an instance was neither read nor saved yet."""
    return bool(row._state.adding)


def note_on_row(row: Any, name: str, note: Any) -> None:
    """Leave a note on an instance, from one of its signals to the next."""
    vars(row._state).setdefault("strawberry_django_notes", {})[name] = note


def take_note(row: Any, name: str) -> Any:
    """Take a note from an instance, if it has one of this name."""
    return vars(row._state).get("strawberry_django_notes", {}).pop(name, None)


def mark_row(row: Any, mark: Any) -> None:
    """Note something of a row."""
    row._state.strawberry_django_mark = mark


def mark_of_row(row: Any) -> Any:
    """Return what was noted of a row, if anything was."""
    return getattr(row._state, "strawberry_django_mark", None)


def fetched_rows(queryset: Any) -> list[Any] | None:
    """Return the rows of a queryset, if they were fetched already."""
    return queryset._result_cache  # type: ignore[no-any-return]


def joins_of(queryset: Any) -> tuple[str, ...]:
    """Return the relations that a queryset fetches in its own query."""

    def paths(relations: Any, prefix: str = "") -> Generator[str, None, None]:
        for name, below in sorted(relations.items()):
            yield prefix + name
            yield from paths(below, f"{prefix}{name}__")

    relations = queryset.query.select_related
    return tuple(paths(relations)) if isinstance(relations, dict) else ()


def prefetches_of(queryset: Any) -> tuple[Any, ...]:
    """Return what a queryset prefetches: names and `Prefetch` objects."""
    return tuple(queryset._prefetch_related_lookups)


def graphql_schema(schema: Any) -> Any:
    """Return graphql-core's schema of Strawberry's, or `None` of another kind of schema."""
    return getattr(schema, "_schema", None)


def strawberry_type(schema: Any, name: str) -> Any:
    """Return the Python class that a type of graphql-core's schema was made from, if one was."""
    return getattr(schema._strawberry_schema.get_type_by_name(name), "origin", None)
