"""Which answer an HTTP request wants, and whether its parameters have their types."""

from __future__ import annotations

from typing import Any

import pytest
from cross_web import HTTPException
from django.test import RequestFactory
from graphql import OperationType

from strawberry_django.realtime.http.negotiation import (
    GRAPHQL_RESPONSE_JSON,
    JSON,
    accepts_json,
    check_parameters,
    operation_type,
    response_media_type,
)
from tests.schema import schema

URQL = "application/graphql-response+json, application/graphql+json, application/json, \
text/event-stream, multipart/mixed"


def request(accept: str | None) -> Any:
    headers = {} if accept is None else {"accept": accept}
    return RequestFactory().post("/graphql", headers=headers)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/graphql-response+json", GRAPHQL_RESPONSE_JSON),
        (f"{GRAPHQL_RESPONSE_JSON}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL_RESPONSE_JSON),
        (f"{GRAPHQL_RESPONSE_JSON};q=0, {JSON}", JSON),
        (f"*/*, {GRAPHQL_RESPONSE_JSON};q=0.5", JSON),
        ("application/graphql-response+json;q=0.9, application/json", JSON),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL_RESPONSE_JSON),
        (URQL, GRAPHQL_RESPONSE_JSON),
        ("text/html", JSON),
        ("this is no media type", JSON),
    ],
)
def test_the_media_type_of_the_answer(accept: str | None, media_type: str) -> None:
    assert response_media_type(request(accept)) == media_type


@pytest.mark.parametrize(
    ("accept", "accepts"),
    [
        (URQL, True),
        ("text/event-stream, application/json", True),
        ("text/event-stream, application/graphql-response+json;q=0.5", True),
        ("text/event-stream", False),
        ("multipart/mixed;subscriptionSpec=1.0", False),
        ("text/event-stream, */*", False),
    ],
)
def test_whether_json_was_asked_for_by_its_name(accept: str, accepts: bool) -> None:
    assert accepts_json(request(accept)) is accepts


@pytest.mark.parametrize(
    "data",
    [
        {"query": "{ hello }"},
        {"extensions": {"persistedQuery": {}}},
        [{"query": "{ hello }"}, {"query": "{ hello }", "variables": {}}],
        [],
    ],
)
def test_parameters_of_the_right_types(data: Any) -> None:
    check_parameters(data)


@pytest.mark.parametrize(
    "data",
    [
        1,
        None,
        "text",
        [1],
        [[]],
        [{"query": "{ hello }"}, None],
        {"query": []},
        {"variables": "{}"},
    ],
)
def test_parameters_of_other_types_are_a_400_that_names_them(data: Any) -> None:
    with pytest.raises(HTTPException) as raised:
        check_parameters(data)
    assert raised.value.status_code == 400
    assert raised.value.reason.startswith("Invalid GraphQL request: ")


SEVERAL = "query A { hello } subscription B { count }"


@pytest.mark.parametrize(
    ("query", "operation_name", "expected"),
    [
        ("subscription { count }", None, OperationType.SUBSCRIPTION),
        (SEVERAL, "B", OperationType.SUBSCRIPTION),
        (SEVERAL, "A", OperationType.QUERY),
        ("{ hello }", None, OperationType.QUERY),
        ("mutation { logout }", None, OperationType.MUTATION),
        ("subscription {", None, None),
        ("", None, None),
        (None, None, None),
        ("{ a" * 20_000, None, None),
        ("subscription { count }" + " " * 70_000, None, None),
    ],
    ids=range(10),
)
def test_what_an_operation_is(
    query: str | None, operation_name: str | None, expected: OperationType | None
) -> None:
    assert operation_type(schema, query, operation_name) is expected


@pytest.mark.parametrize(
    ("query", "operation_name"),
    [(SEVERAL, None), (SEVERAL, "C"), ("fragment F on Query { hello }", None)],
)
def test_an_operation_that_is_not_in_the_document(query: str, operation_name: str | None) -> None:
    with pytest.raises(HTTPException) as raised:
        operation_type(schema, query, operation_name)
    assert raised.value.status_code == 400
