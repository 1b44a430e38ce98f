"""Documents that are parsed and validated once.

Imports the ground modules. An extension of ours, the last of the schema's, gives Strawberry the
document that it would parse, and tells it that it is valid. The extensions of the project have
their hooks called as ever. What is kept depends on the schema, the text, the limits of the parser
and the rules: another rule is another validation.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from graphql import DocumentNode, parse
from strawberry import Schema
from strawberry.extensions import SchemaExtension

from ._upstream.frameworks import reports_depths

if TYPE_CHECKING:
    from strawberry.schema import BaseSchema

#: How many bytes a parsed document takes for each character of its text, at most: where names
#: are short (graphql-core 3.3).
_BYTES_A_CHARACTER = 320

#: How many texts are remembered that were seen once, by their hashes.
_SEEN_ONCE = 65536

#: How many sets of rules are remembered, and for how many of them a document is known to be valid.
_RULE_SETS = 8

#: Where a schema keeps its view, which lasts as long as it does.
_VIEW = "_strawberry_django_realtime"

_Key = tuple[str, tuple[tuple[str, Any], ...]]


class _Kept:
    """A document, and the rules that it does not break."""

    def __init__(self, document: DocumentNode, size: int) -> None:
        self.document = document
        self.size = size
        self.valid_by: deque[Any] = deque(maxlen=_RULE_SETS)


class Documents:
    """The documents of one schema that were found to be valid, at most so many bytes.

    A document is kept when it is sent for the second time: a client that sends a new one each time
    takes nobody's place. Who is looked for last stays longest.

    Args:
        most: how many bytes may be kept; about, for a document is not measured.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._rules: OrderedDict[Any, None] = OrderedDict()
        self._new_rules: deque[Any] = deque(maxlen=_RULE_SETS)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: _Key) -> _Kept | None:
        """Return what is kept."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            return kept

    def parsed(self, query: str) -> DocumentNode:
        """Return a document, parsed.

        Raises:
            GraphQLSyntaxError: it is none.
        """
        kept = self.find((query, ()))
        return parse(query) if kept is None else kept.document

    def note_valid(self, key: _Key, document: DocumentNode, rules: Any) -> None:
        """Note that a document breaks none of the rules.

        Rules that were not seen before may be made anew for each request, and are not kept.
        """
        with self._lock:
            if not self._are_known(rules):
                return
            kept = self._kept.get(key)
            if kept is None:
                kept = self._keep(key, document)
            if kept is not None and rules not in kept.valid_by:
                kept.valid_by.append(rules)

    def _are_known(self, rules: Any) -> bool:
        """Tell whether a set of rules was seen before; it is, from now on."""
        if rules in self._rules:
            self._rules.move_to_end(rules)
            return True
        self._new_rules.append(rules)
        if self._new_rules.count(rules) > 1:
            self._rules[rules] = None
            if len(self._rules) > _RULE_SETS:
                self._rules.popitem(last=False)
        return False

    def _keep(self, key: _Key, document: DocumentNode) -> _Kept | None:
        size = len(key[0]) * _BYTES_A_CHARACTER
        if size > self.most // 4:
            return None
        mark = hash(key)
        if mark not in self._seen:
            self._seen[mark] = None
            if len(self._seen) > _SEEN_ONCE:
                self._seen.popitem(last=False)
            return None
        del self._seen[mark]
        self.size += size
        kept = self._kept[key] = _Kept(document, size)
        self._evict()
        return kept

    def limit(self, most: int) -> None:
        """Keep no more than `most` bytes from now on."""
        with self._lock:
            self.most = most
            self._evict()

    def _evict(self) -> None:
        while self.size > self.most:
            self.size -= self._kept.popitem(last=False)[1].size


class _Remembers(SchemaExtension):
    """Give one operation what is known of its document, or note it."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._key: _Key | None = None
        self._kept: _Kept | None = None

    def on_parse(self) -> Iterator[None]:
        """Give the document, unless another extension has."""
        asked = self.execution_context
        if asked.query and asked.graphql_document is None:
            self._key = asked.query, tuple(sorted(asked.parse_options.items()))
            self._kept = self._documents.find(self._key)
            if self._kept is not None:
                asked.graphql_document = self._kept.document
        yield

    def on_validate(self) -> Iterator[None]:
        """Say that the document is valid, if it is known to be."""
        asked, key = self.execution_context, self._key
        if key is None or not self._is_ours(key):
            yield
            return
        rules = asked.validation_rules
        if self._kept is not None and rules in self._kept.valid_by:
            asked.pre_execution_errors = []
            yield
            return
        yield
        if asked.pre_execution_errors == [] and asked.graphql_document is not None:
            self._documents.note_valid(key, asked.graphql_document, rules)

    def _is_ours(self, key: _Key) -> bool:
        """Tell whether all that validation depends on is known."""
        asked, kept = self.execution_context, self._kept
        rules = asked.validation_rules
        return (
            asked.query == key[0]
            and (kept is None or asked.graphql_document is kept.document)
            and asked.pre_execution_errors is None
            and bool(rules)
            and not any(map(reports_depths, rules))
        )


def remembering(schema: BaseSchema, most: int) -> BaseSchema:
    """Return the schema as the router executes it: with what is known of its documents.

    It shares all that the schema has, and the schema itself is left alone.

    Args:
        schema: the project's.
        most: how many bytes of documents to keep; none for 0.
    """
    if most <= 0 or not isinstance(schema, Schema):
        return schema
    view: Any = vars(schema).get(_VIEW)
    if view is None:
        view = vars(schema)[_VIEW] = object.__new__(_view_class(type(schema)))
        view.__dict__ = schema.__dict__
        view.documents = Documents(most)
    view.documents.limit(most)
    return view  # type: ignore[no-any-return]


def parsed(schema: BaseSchema, query: str) -> DocumentNode:
    """Return a document, parsed: now, or before.

    Raises:
        GraphQLSyntaxError: it is none.
    """
    documents: Documents | None = getattr(schema, "documents", None)
    return parse(query) if documents is None else documents.parsed(query)


def _view_class(kind: type[Schema]) -> type[Schema]:
    if kind not in _classes:

        class Remembering(kind):  # type: ignore[misc, valid-type]
            __slots__ = ("documents",)

            def get_extensions(self, *arguments: Any, **keywords: Any) -> list[SchemaExtension]:
                extensions: list[SchemaExtension] = super().get_extensions(*arguments, **keywords)
                return [*extensions, _Remembers(self.documents)]

        _classes[kind] = Remembering
    return _classes[kind]


_classes: dict[type[Schema], type[Schema]] = {}
