"""The GraphQL over HTTP specification."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest
import strawberry
from django.test.client import encode_multipart
from graphql import GraphQLError
from strawberry.exceptions import ConnectionRejectionError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from strawberry_django.realtime.conf import OperationRequest
from strawberry_django.realtime.http.consumer import GraphQLHTTPConsumer
from tests.schema import Query, Subscription, probe, schema
from tests.support import Answer, ask, post, request, stream

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
SSE = "text/event-stream"
MULTIPART = "multipart/mixed;subscriptionSpec=1.0"
URQL = f"{GRAPHQL_JSON}, application/graphql+json, {JSON}, {SSE}, multipart/mixed"
HELLO = {"query": '{ echo(text: "hi") }'}
ANSWER = {"data": {"echo": "hi"}}
BOUNDARY = "boundary"


def consumer(**options: Any) -> Any:
    return GraphQLHTTPConsumer.as_asgi(schema=schema, session_auth=True, **options)


application = consumer()
uploads = consumer(multipart_uploads_enabled=True)


async def send(body: bytes, content_type: str = JSON, **kwargs: Any) -> Answer:
    return await request(application, body=body, headers={"content-type": content_type}, **kwargs)


@pytest.fixture(autouse=True)
def _no_traceback(caplog: pytest.LogCaptureFixture) -> Any:
    """Nothing prints a traceback for what a client sent."""
    yield
    ours = [each for each in caplog.records if each.name.startswith(("strawberry_", "django"))]
    assert not any(record.exc_info for record in ours)


# Reading a request.


@pytest.mark.parametrize(
    "data",
    [
        HELLO,
        {**HELLO, "variables": None, "operationName": None, "extensions": None},
        {**HELLO, "variables": {}, "extensions": {}, "unknown": 1},
        {"query": 'query A { a: hello } query B { echo(text: "hi") }', "operationName": "B"},
        {"query": "query ($t: String!) { echo(text: $t) }", "variables": {"t": "hi"}},
    ],
)
@pytest.mark.parametrize(
    "content_type", [JSON, "application/json; charset=utf-8", "Application/JSON"]
)
async def test_an_operation_by_post(data: Any, content_type: str) -> None:
    answer = await send(json.dumps(data).encode(), content_type)
    assert (answer.status, answer.json()) == (200, ANSWER)


@pytest.mark.parametrize(
    "path",
    [
        '/graphql?query={echo(text:"hi")}',
        '/graphql?query=query($t:String!){echo(text:$t)}&variables={"t":"hi"}',
        '/graphql?query=query+A{hello}query+B{echo(text:"hi")}&operationName=B',
        '/graphql?query={echo(text:"hi")}&variables=&extensions=',
        '/graphql?query={echo(text:"hi")}&extensions={"a":1}',
    ],
)
async def test_a_query_by_get(path: str) -> None:
    answer = await request(application, "GET", path)
    assert (answer.status, answer.json()) == (200, ANSWER)


@pytest.mark.parametrize(
    "body",
    [
        b"1",
        b"null",
        b'"text"',
        b"true",
        b"[1]",
        b"[null]",
        b"[[]]",
        b"{}",
        b"",
        b"{",
        b"{'query': 1}",
        b"\xff\xfe",
        b'{"query": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"NaN",
        b"1" * 5000,
        b'{"query": 1}',
        b'{"query": ["{ hello }"]}',
        b'{"query": "{ hello }", "variables": []}',
        b'{"query": "{ hello }", "variables": "{}"}',
        b'{"query": "{ hello }", "operationName": 1}',
        b'{"query": "{ hello }", "extensions": "x"}',
    ],
    ids=range(23),
)
async def test_a_body_of_another_shape_is_400(body: bytes) -> None:
    answer = await send(body)
    assert answer.status == 400
    assert answer["content-type"] == JSON
    assert answer.message


@pytest.mark.parametrize(
    "path",
    [
        "/graphql?query={hello}&variables=1",
        "/graphql?query={hello}&variables=[]",
        "/graphql?query={hello}&variables={",
        "/graphql?query={hello}&extensions=nonsense",
        "/graphql?variables={}",
        "/graphql?extensions={}",
    ],
)
async def test_a_query_string_of_another_shape_is_400(path: str) -> None:
    answer = await request(application, "GET", path)
    assert (answer.status, answer["allow"]) == (400, "")


async def test_the_empty_batch() -> None:
    answer = await send(b"[]")
    assert (answer.status, answer.json()) == (200, [])


@pytest.mark.parametrize("depth", [100, 500, 900, 5000])
async def test_deep_variables_are_no_fault(depth: int) -> None:
    variables = '{"t":' * depth + "1" + "}" * depth
    text = "query ($t: String!) { echo(text: $t) }"
    answer = await send(f'{{"query": "{text}", "variables": {variables}}}'.encode())
    assert answer.status in {200, 400}
    assert answer.message


# Which operations are allowed.


async def test_an_operation_that_is_not_in_the_document_is_400() -> None:
    answer = await post(application, {"query": "query A { hello }", "operationName": "B"})
    assert answer.status == 400
    assert answer.message == 'Unknown operation named "B".'


# The answer.


@pytest.mark.parametrize(
    ("accept", "content_type", "invalid"),
    [
        (None, JSON, 200),
        ("*/*", JSON, 200),
        (JSON, JSON, 200),
        ("text/html", JSON, 200),
        (GRAPHQL_JSON, GRAPHQL_JSON, 400),
        (f"{GRAPHQL_JSON}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL_JSON, 400),
        (URQL, GRAPHQL_JSON, 400),
    ],
)
async def test_the_media_type_and_the_status(
    accept: str | None, content_type: str, invalid: int
) -> None:
    expected = f"{content_type}; charset=utf-8"
    headers = {"accept": accept}
    answer = await post(application, HELLO, headers=headers)
    assert (answer.status, answer["content-type"], answer.json()) == (200, expected, ANSWER)
    answer = await post(application, {"query": "{ fail }"}, headers=headers)
    assert (answer.status, answer["content-type"]) == (200, expected)
    assert answer.json()["data"] == {"fail": None}
    for query in ("{", "{ nothing }", "{ echo }", "query ($t: String!) { echo(text: $t) }"):
        answer = await post(application, {"query": query}, headers=headers)
        assert (answer.status, answer["content-type"]) == (invalid, expected)
        assert "data" not in answer.json()
        assert answer.message


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_JSON])
async def test_what_was_executed_in_vain_has_no_data_and_says_so(accept: str) -> None:
    without_user = GraphQLHTTPConsumer.as_asgi(schema=schema)
    answer = await post(without_user, {"query": "{ hello }"}, headers={"accept": accept})
    assert answer.status == 200
    assert answer.json()["data"] is None
    assert answer.json()["errors"][0]["path"] == ["hello"]


# Batches.


async def test_a_batch_is_answered_in_its_order() -> None:
    batch = [{"query": f'{{ echo(text: "{number}") }}'} for number in range(3)]
    answer = await post(application, batch, headers={"accept": URQL})
    assert answer.json() == [{"data": {"echo": str(number)}} for number in range(3)]


async def test_one_faulty_operation_of_a_batch_does_not_harm_the_others() -> None:
    answer = await post(application, [HELLO, {"query": "{ nothing }"}, HELLO])
    first, second, third = answer.json()
    assert first == third == ANSWER
    assert "data" not in second


async def test_a_batch_has_as_many_operations_as_the_schema_allows() -> None:
    answer = await post(application, [HELLO] * 4)
    assert (answer.status, answer.message) == (400, "Too many operations")


@pytest.mark.parametrize("accept", [SSE, MULTIPART])
async def test_a_batch_cannot_be_a_stream(accept: str) -> None:
    answer = await post(application, [HELLO], headers={"accept": accept})
    assert answer.status == 400
    assert answer.message.startswith("Batching is not supported for")


@pytest.mark.parametrize(
    "refused",
    [
        {"query": "subscription { count }"},
        {"query": ""},
        {"variables": {}},
        {"query": "query A { hello }", "operationName": "B"},
    ],
)
async def test_a_batch_that_is_refused_has_done_nothing(refused: Any) -> None:
    done = []

    def note(info: Any) -> None:
        done.append(info)

    batch = [{"query": f'{{ probe(name: "{probe(note)}") }}'}, refused]
    assert (await post(application, batch)).status == 400
    assert done == []


async def test_a_schema_without_batching_refuses_one() -> None:
    alone = GraphQLHTTPConsumer.as_asgi(schema=strawberry.Schema(Query))
    answer = await post(alone, [HELLO])
    assert (answer.status, answer.message) == (400, "Batching is not enabled")


# Streams.


@pytest.mark.parametrize("accept", [SSE, MULTIPART, f"{JSON}, {SSE}", URQL])
async def test_a_subscription_is_streamed_to_who_takes_a_stream(accept: str) -> None:
    async with stream(application, "subscription { count(to: 1) }", accept) as (answer, exchange):
        assert answer.status == 200
        expected = "multipart/mixed" if accept == MULTIPART else SSE
        assert answer["content-type"].startswith(expected)
        await exchange.chunk_with('"count":1')


@pytest.mark.parametrize("accept", [URQL, f"{SSE}, {JSON}", f"{MULTIPART}, {JSON}"])
@pytest.mark.parametrize(
    "query", ['{ echo(text: "hi") }', "mutation { logout }", "{", "{ nothing }"]
)
async def test_every_other_operation_is_json_to_who_takes_both(accept: str, query: str) -> None:
    answer = await post(application, {"query": query}, headers={"accept": accept})
    assert answer["content-type"].split(";")[0] in {JSON, GRAPHQL_JSON}


async def test_a_query_is_streamed_to_who_takes_nothing_else() -> None:
    async with stream(application, HELLO["query"], SSE) as (answer, exchange):
        assert answer["content-type"] == SSE
        await exchange.chunk_with('{"data":{"echo":"hi"}}')
        await exchange.chunk_with("complete")


@pytest.mark.parametrize(("accept", "query"), [(MULTIPART, HELLO["query"]), (SSE, "{ nothing }")])
async def test_what_cannot_be_executed_is_an_error_in_the_stream(accept: str, query: str) -> None:
    async with stream(application, query, accept) as (answer, exchange):
        assert answer.status == 200
        await exchange.chunk_with('"errors"')


@pytest.mark.parametrize("path", ["/graphql?query=subscription{count(to:1)}"])
async def test_an_event_source_may_subscribe_by_get(path: str) -> None:
    answer = await request(application, "GET", path, headers={"accept": SSE})
    assert answer.status == 200
    assert b'"count":1' in answer.body


async def test_lines_of_an_event_stream_end_as_urql_needs_it() -> None:
    path = "/graphql?query=subscription{count(to:1)}"
    answer = await request(application, "GET", path, headers={"accept": SSE})
    assert b"\r" not in answer.body
    parts = answer.body.decode().split("\n\n")
    assert parts[0].startswith(":")
    assert parts[1].startswith("event: next\ndata: {")
    assert parts[-2].startswith("event: complete\ndata:")


async def test_a_mutation_by_get_is_not_executed_in_a_stream() -> None:
    path = "/graphql?query=mutation{respond(status:418)}"
    answer = await request(application, "GET", path, headers={"accept": SSE})
    assert b"errors" in answer.body
    assert answer["x-answer"] == ""


@pytest.mark.parametrize("accept", [SSE, MULTIPART])
async def test_a_stream_without_a_query_is_400(accept: str) -> None:
    answer = await post(application, {"extensions": {}}, headers={"accept": accept})
    assert (answer.status, answer.message) == (400, "No GraphQL query found in the request")


async def test_streams_can_be_switched_off() -> None:
    alone = consumer(subscription_protocols=["graphql-transport-ws"])
    answer = await post(alone, {"query": "subscription { count }"}, headers={"accept": SSE})
    assert answer.status == 400


# Uploads.

UPLOAD = "mutation ($file: Upload!) { upload(file: $file) }"


class File:
    """What Django's own encoder takes for a file."""

    content_type = "text/plain"

    def __init__(self, content: str) -> None:
        self.name = "file.txt"
        self._content = content

    def read(self) -> bytes:
        return self._content.encode()


async def upload(application: Any = uploads, **fields: Any) -> Answer:
    encoded = {
        name: value if isinstance(value, File | str) else json.dumps(value)
        for name, value in fields.items()
    }
    body = encode_multipart(BOUNDARY, encoded)
    headers = {
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "content-length": str(len(body)),
    }
    return await request(application, body=body, headers=headers)


async def test_a_file_is_uploaded() -> None:
    operations = {"query": UPLOAD, "variables": {"file": None}}
    answer = await upload(operations=operations, map={"0": ["variables.file"]}, **{"0": File("hi")})
    assert (answer.status, answer.json()) == (200, {"data": {"upload": "hi"}})


async def test_a_file_is_uploaded_in_a_batch() -> None:
    operations = [HELLO, {"query": UPLOAD, "variables": {"file": None}}]
    answer = await upload(
        operations=operations, map={"0": ["1.variables.file"]}, **{"0": File("hi")}
    )
    assert answer.json() == [ANSWER, {"data": {"upload": "hi"}}]


DEEP = '{"query": "{ hello }", "variables": ' + '{"a":' * 700 + "1" + "}" * 701
OPERATIONS = {"query": UPLOAD, "variables": {"file": None}}


@pytest.mark.parametrize(
    "fields",
    [
        {"map": {"0": ["variables.file"]}},
        {"map": {"0": ["variables.nothing.at.all"]}, "0": File("hi")},
        {"map": {"0": ["nothing.file"]}, "0": File("hi")},
        {"map": {"0": ["query.file"]}, "0": File("hi")},
        {"map": {"0": [1]}, "0": File("hi")},
        {"map": {"0": 1}, "0": File("hi")},
        {"map": {"0": None}, "0": File("hi")},
        {"map": {"0": ["variables.file.0"]}, "0": File("hi")},
        {"map": [], "0": File("hi")},
        {"map": 1, "0": File("hi")},
        {"map": None, "0": File("hi")},
        {"map": "{", "0": File("hi")},
        {"map": {"0": [""]}, "0": File("hi")},
        {"operations": "{", "map": {}},
        {"operations": 1, "map": {"0": ["a"]}, "0": File("hi")},
        {"operations": [], "map": {"0": ["0.variables.file"]}, "0": File("hi")},
        {"operations": [{}], "map": {"0": ["first.variables.file"]}, "0": File("hi")},
        {"operations": DEEP, "map": {}},
        {"operations": None, "map": {}},
        {"operations": File("{}"), "map": {}},
    ],
    ids=range(20),
)
async def test_files_that_do_not_fit_their_map_are_400(fields: dict[str, Any]) -> None:
    answer = await upload(**{"operations": OPERATIONS, **fields})
    assert answer.status in {200, 400}
    if answer.status == 200:  # A variable that the schema refuses.
        assert "data" not in answer.json()


async def test_uploads_are_off_unless_asked_for() -> None:
    answer = await upload(application, operations=OPERATIONS, map={}, **{"0": File("hi")})
    assert answer.status == 415


# Judging.


async def refuse(context: Any) -> None:
    if context.request.headers.get("Authorization") != "Bearer abc":
        raise ConnectionRejectionError
    context.request.user = type("User", (), {"get_username": lambda self: "token"})()


async def refuse_echo(context: Any, operation: OperationRequest) -> None:
    if "echo" in (operation.query or ""):
        raise GraphQLError(f"No echo for {context.request.method}", extensions={"code": "NO"})


async def test_a_request_is_refused_by_on_connect() -> None:
    judged = consumer(on_connect=refuse)
    answer = await post(judged, HELLO)
    assert (answer.status, answer.message) == (403, "Forbidden")
    headers = {"authorization": "Bearer abc"}
    assert await ask(judged, "{ hello }", headers=headers) == {"data": {"hello": "Hello, token!"}}


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL_JSON, 400)])
async def test_an_operation_is_refused_by_on_operation(accept: str, status: int) -> None:
    judged = consumer(on_operation=refuse_echo)
    answer = await post(judged, HELLO, headers={"accept": accept})
    assert answer.status == status
    assert answer.json() == {
        "errors": [{"message": "No echo for POST", "extensions": {"code": "NO"}}]
    }
    answer = await post(judged, [HELLO, {"query": "{ hello }"}])
    assert [list(each) for each in answer.json()] == [["errors"], ["data"]]


# Extensions of the schema.


DOCUMENTS = {"echo": '{ echo(text: "hi") }', "count": "subscription { count(to: 1) }"}


class Persisted(SchemaExtension):
    """Find the document where the request has only its name."""

    def on_operation(self) -> Any:
        name = (self.execution_context.operation_extensions or {}).get("persistedQuery", {})
        if name.get("fault"):
            raise ValueError("the secret is 4711")
        if name and not self.execution_context.query:
            if name["sha256Hash"] not in DOCUMENTS:
                raise GraphQLError("PersistedQueryNotFound", extensions={"code": "NOT_FOUND"})
            self.execution_context.query = DOCUMENTS[name["sha256Hash"]]
        yield


persisted = GraphQLHTTPConsumer.as_asgi(
    schema=strawberry.Schema(
        Query,
        subscription=Subscription,
        extensions=[Persisted],
        config=StrawberryConfig(batching_config={"max_operations": 3}),
    ),
    session_auth=True,
)


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": name}}, **more}


async def test_an_extension_may_find_the_query() -> None:
    for body in (named("echo"), named("echo", query=""), named("echo", query=None)):
        for accept in (JSON, URQL):
            answer = await post(persisted, body, headers={"accept": accept})
            assert answer.json() == ANSWER
    path = f"/graphql?extensions={json.dumps(named('echo')['extensions'])}"
    for accept in ("*/*", JSON, "text/html"):
        answer = await request(persisted, "GET", path, headers={"accept": accept})
        assert answer.json() == ANSWER
    answer = await post(persisted, {"extensions": {}})
    assert (answer.status, answer.message) == (400, "No GraphQL query found in the request")
    batch = [named("echo"), named("count"), named("gone")]
    found, subscription, missing = (await post(persisted, batch)).json()
    assert found == ANSWER
    assert subscription["errors"][0]["message"].startswith("A subscription needs a stream")
    assert missing["errors"][0]["extensions"] == {"code": "NOT_FOUND"}


@pytest.mark.parametrize("accept", [SSE, MULTIPART, f"{JSON}, {SSE}", URQL])
async def test_an_extension_may_find_the_subscription(accept: str) -> None:
    body = json.dumps(named("count")).encode()
    headers = {"accept": accept, "content-type": JSON}
    answer = await request(persisted, body=body, headers=headers)
    assert b'{"data":{"count":1}}' in answer.body
    answer = await request(persisted, body=body.replace(b"count", b"gone"), headers=headers)
    assert b"PersistedQueryNotFound" in answer.body


async def test_what_fails_in_an_extension_is_an_error_in_the_stream(
    caplog: pytest.LogCaptureFixture,
) -> None:
    body = {"extensions": {"persistedQuery": {"fault": True}}}
    answer = await post(persisted, body, headers={"accept": SSE})
    assert b"Internal server error" in answer.body
    assert b"event: complete" in answer.body
    assert caplog.records.pop().exc_info


@pytest.mark.skipif(sys.version_info < (3, 11), reason="before, no task tells who is cancelled")
async def test_a_resolver_that_awaits_what_was_cancelled_has_failed() -> None:
    @strawberry.type
    class Waiting:
        @strawberry.field
        async def wait(self) -> int:
            other = asyncio.ensure_future(asyncio.Event().wait())
            other.cancel()
            await other
            return 1

    waiting = strawberry.Schema(query=Waiting)
    answer = await post(
        GraphQLHTTPConsumer.as_asgi(schema=waiting, session_auth=True), {"query": "{ wait }"}
    )
    assert (answer.status, answer.message) == (200, "Internal server error")
