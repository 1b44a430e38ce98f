"""Documents are parsed and validated once, and nobody can tell by the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import strawberry
from graphql import ASTValidationRule, GraphQLError
from strawberry.extensions import (
    AddValidationRules,
    DisableValidation,
    MaxTokensLimiter,
    QueryDepthLimiter,
    SchemaExtension,
)

from strawberry_django.realtime.documents import remembering

seen: list[str] = []
depths: list[Any] = []


@strawberry.type
class Query:
    ping: str = "pong"

    @strawberry.field
    def again(self) -> Query:
        return Query()


class Sees(SchemaExtension):
    def on_parse(self) -> Iterator[None]:
        seen.append("parse")
        yield

    def on_validate(self) -> Iterator[None]:
        yield
        seen.append("validate")


class NoPing(ASTValidationRule):
    def enter_field(self, node: Any, *_: Any) -> None:
        if node.name.value == "ping":
            self.context.report_error(GraphQLError("No ping."))


def limited(limit: int) -> Callable[[], Any]:
    """A limiter that is made anew for each operation, and its rule with it."""
    return lambda: QueryDepthLimiter(limit)


LIMITER = QueryDepthLimiter(9, callback=depths.append)
SCHEMAS: dict[str, list[Any]] = {
    "plain": [],
    "hooks": [Sees],
    "rule": [lambda: AddValidationRules([NoPing])],
    "new rules": [limited(2)],
    "tokens": [lambda: MaxTokensLimiter(6)],
    "unvalidated": [DisableValidation],
    "reports": [lambda: AddValidationRules(LIMITER.validation_rules)],
}
QUERIES = [
    "{ ping }",
    "{ again { again { again { ping } } } }",
    "{ pong }",
    "{ ping",
    "{ __typename }",
]


@pytest.mark.parametrize("name", SCHEMAS)
async def test_the_answers_are_the_same(name: str) -> None:
    schema = strawberry.Schema(Query, extensions=SCHEMAS[name])
    view = remembering(schema, 1_000_000)
    for query in QUERIES:
        seen.clear()
        depths.clear()
        alone = await schema.execute(query)
        before = [*seen], len(depths)
        for _ in range(4):
            seen.clear()
            depths.clear()
            again: Any = await view.execute(query)
            assert again.data == alone.data
            assert list(map(str, again.errors or [])) == list(map(str, alone.errors or []))
            assert (seen, len(depths)) == before


async def kept_after(queries: list[str], most: int, extensions: Any = ()) -> Any:
    view: Any = remembering(strawberry.Schema(Query, extensions=extensions), most)
    for query in queries:
        await view.execute(query)
    return view.documents


async def test_a_document_is_kept_when_it_is_sent_again() -> None:
    documents = await kept_after(["{ ping }"] * 4, 1_000_000)
    assert len(documents) == 1
    assert len(await kept_after(["{ ping", "{ pong }"] * 4, 1_000_000)) == 0
    assert len(await kept_after(["{ ping }"] * 4, 1_000_000, [limited(5)])) == 0


async def test_strangers_take_nobodys_place() -> None:
    """Neither those that come once, nor those that come twice, evict what is asked for often."""
    ones = [f"{{ a{number}: ping }}" for number in range(300)]
    twos = [f"{{ b{number}: ping }}" for number in range(300) for _ in range(2)]
    asked = ["{ ping }"] * 4
    for query in [*ones, *twos]:
        asked += [query, "{ ping }"]
    documents = await kept_after(asked, 20_000)
    assert documents.find(("{ ping }", ()))
    assert documents.size <= 20_000
    assert len(documents._seen) <= 65536


async def test_a_schema_is_left_alone(channel_layer: Any) -> None:
    schema = strawberry.Schema(Query)
    assert remembering(schema, 0) is schema
    view: Any = remembering(schema, 1000)
    assert remembering(schema, 2000) is view
    assert schema.get_extensions() == []
    assert isinstance(view, strawberry.Schema)
    assert view.config is schema.config
