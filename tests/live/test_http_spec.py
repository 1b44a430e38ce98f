"""What a client may do: the GraphQL over HTTP specification."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.promises import promise
from tests.live.sites import Site

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"

statuses = promise(
    "A client cannot tell from the status whether anything was executed",
    does="`application/graphql-response+json` with 400 for parse, validation and coercion errors, "
    "and 200 for what was executed",
)
methods = promise(
    "A method, a content type or a subscription that HTTP has no answer for",
    does="405 with `Allow`, 415, and a 400 that says which `Accept` to send",
)

FAULTY: dict[str, dict[str, Any]] = {
    "parse": {"query": "{"},
    "validation": {"query": "{ nowhere }"},
    "unknown operation": {"query": "query A { ping }", "operationName": "B"},
    "no operation": {"query": "fragment F on Query { ping }"},
    "coercion": {
        "query": 'query ($number: Int!) { echo(text: "a", number: $number) }',
        "variables": {"number": "no number"},
    },
    "a variable is missing": {
        "query": 'query ($number: Int!) { echo(text: "a", number: $number) }',
    },
}


def ask(site: Site, body: Any, accept: str) -> Any:
    return site.client().post("/graphql", json=body, headers={"Accept": accept})


@statuses
@pytest.mark.parametrize("kind", FAULTY)
def test_what_was_not_executed_is_a_400(uvicorn: Site, kind: str) -> None:
    with uvicorn.quiet():
        answer = ask(uvicorn, FAULTY[kind], GRAPHQL)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]
    assert "data" not in answer.json()


@statuses
@pytest.mark.parametrize("accept", [GRAPHQL, f"{GRAPHQL}; charset=utf-8, {JSON};q=0.9"])
def test_what_was_executed_is_a_200(uvicorn: Site, accept: str) -> None:
    answer = ask(uvicorn, {"query": "{ ping }"}, accept)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(GRAPHQL)
    failed = ask(uvicorn, {"query": "{ ping fail }"}, accept)
    assert failed.status_code == 200
    assert failed.json()["data"] is None


@statuses
@pytest.mark.parametrize("accept", [JSON, "*/*", "text/html, */*;q=0.1"])
def test_as_json_a_document_that_fails_is_a_200(uvicorn: Site, accept: str) -> None:
    answer = ask(uvicorn, FAULTY["validation"], accept)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(JSON)


@methods
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_another_method_is_a_405(uvicorn: Site, method: str) -> None:
    answer = uvicorn.client().request(method, "/graphql", json={"query": "{ ping }"})
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@methods
def test_options_names_the_methods(uvicorn: Site) -> None:
    answer = uvicorn.client().options("/graphql")
    assert answer.status_code in {200, 204}
    assert "POST" in answer.headers["Allow"]


@methods
@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
def test_another_content_type_is_a_415(uvicorn: Site, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    answer = uvicorn.client().post("/graphql", content=b'{"query": "{ ping }"}', headers=headers)
    assert answer.status_code == 415


@methods
def test_a_subscription_without_a_stream_says_what_to_send(uvicorn: Site) -> None:
    with uvicorn.quiet():
        answer = ask(uvicorn, {"query": "subscription { count }"}, JSON)
    assert answer.status_code == 400
    assert "text/event-stream" in answer.text
