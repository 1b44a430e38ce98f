"""Both subprotocols, as their clients meet them: graphql-transport-ws and the legacy graphql-ws."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import strawberry
from autobahn.exception import PayloadExceededError
from graphql import GraphQLError
from strawberry.exceptions import ConnectionRejectionError
from strawberry.extensions import SchemaExtension

from strawberry_django.realtime import waiting
from strawberry_django.realtime.conf import OperationRequest
from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer
from strawberry_django.realtime.websocket.legacy import GraphQLWSHandler
from tests.schema import Query, probe, schema, signals, stubborn
from tests.support import LEGACY_WS, TRANSPORT_WS, until
from tests.support_websocket import Socket, connect


def consumer(consumer_class: Any = GraphQLWSConsumer, **options: Any) -> Any:
    protocols = [TRANSPORT_WS, LEGACY_WS]
    return consumer_class.as_asgi(
        schema=schema, session_auth=True, subscription_protocols=protocols, **options
    )


application = consumer()
FLOOD = 'subscription { flood(size: 10, name: "%s") }'
WAIT = "subscription { listen(groups: []) }"
LISTENING = {"data": {"listen": "listening"}}


@dataclass(frozen=True)
class Words:
    """What the same things are called in a subprotocol."""

    subprotocol: str
    start: str
    result: str
    stop: str


MODERN = Words(TRANSPORT_WS, "subscribe", "next", "complete")
LEGACY = Words(LEGACY_WS, "start", "data", "stop")
in_both = pytest.mark.parametrize("words", [MODERN, LEGACY], ids=lambda words: words.subprotocol)


@dataclass
class Speaker:
    """A client of either subprotocol."""

    socket: Socket
    words: Words

    async def start(self, id: str, query: str, **payload: Any) -> None:
        message = {"id": id, "type": self.words.start, "payload": {"query": query, **payload}}
        await self.socket.send(message)

    async def stop(self, id: str) -> None:
        await self.socket.send({"id": id, "type": self.words.stop})

    async def receive(self) -> dict[str, Any]:
        return await self.socket.receive()

    async def result(self, id: str) -> Any:
        """Return the next result of an operation."""
        answer = await self.receive()
        assert (answer["type"], answer["id"]) == (self.words.result, id), answer
        return answer["payload"]

    async def complete(self, id: str) -> None:
        assert await self.receive() == {"id": id, "type": "complete"}

    async def run(self, id: str, query: str, **payload: Any) -> Any:
        """Run a query or a mutation, and return its only result."""
        await self.start(id, query, **payload)
        result = await self.result(id)
        await self.complete(id)
        return result

    async def error(self, id: str) -> dict[str, Any]:
        """Return the first error of an operation that was not executed."""
        answer = await self.receive()
        assert (answer["type"], answer["id"]) == ("error", id), answer
        payload = answer["payload"]
        first: dict[str, Any] = payload[0] if self.words is MODERN else payload
        return first


@contextlib.asynccontextmanager
async def speak(
    words: Words, application: Any = application, **options: Any
) -> AsyncIterator[Speaker]:
    async with connect(application, subprotocols=[words.subprotocol], **options) as socket:
        yield Speaker(socket, words)


def no_traceback(caplog: pytest.LogCaptureFixture) -> bool:
    return not any(record.exc_info for record in caplog.records)


# The life of an operation.


@in_both
async def test_a_query_has_one_result_and_a_subscription_many(words: Words) -> None:
    async with speak(words) as client:
        assert await client.run("1", "{ hello }") == {"data": {"hello": "Hello, stranger!"}}
        assert await client.run("1", "mutation { logout }") == {"data": {"logout": False}}
        await client.start("a", "subscription { count(to: 3) }")
        for number in (1, 2, 3):
            assert await client.result("a") == {"data": {"count": number}}
        await client.complete("a")


async def limited(scope: Any, receive: Any, send: Any) -> None:
    """Serve the application as Daphne does with a limit of 1,000 characters."""

    async def send_short(message: dict[str, Any]) -> None:
        if len(message.get("text") or "") > 1000:
            raise PayloadExceededError("tried to send")
        await send(message)

    await application(scope, receive, send_short)


@in_both
@pytest.mark.parametrize("query", ["{ echo(text: $t) }", f"{{ echo(text: $t) {'n' * 1000} }}"])
async def test_what_the_server_does_not_send_is_an_error_of_its_operation_alone(
    words: Words, query: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with speak(words, limited) as client:
        await client.start("1", f"query ($t: String!) {query}", variables={"t": "x" * 1000})
        error = await client.error("1")
        assert "--websocket-max-message-size" in error["message"]
        assert (await client.run("1", "{ hello }"))["data"]
    assert no_traceback(caplog)


@in_both
async def test_variables_and_the_operation_name_are_those_of_the_client(words: Words) -> None:
    text = "query A { hello } query B($t: String!) { echo(text: $t) }"
    async with speak(words) as client:
        result = await client.run("1", text, variables={"t": "hi"}, operationName="B")
    assert result == {"data": {"echo": "hi"}}


@in_both
async def test_the_extensions_of_an_operation_reach_the_schema_and_the_hook(words: Words) -> None:
    asked = []

    async def judge(context: Any, operation: OperationRequest) -> None:
        asked.append((operation.query, operation.extensions))

    class Find(SchemaExtension):
        def on_operation(self) -> Any:
            if "persistedQuery" in (self.execution_context.operation_extensions or {}):
                self.execution_context.query = self.execution_context.query or "{ hello }"
            yield

    persisted = {"extensions": {"persistedQuery": {"sha256Hash": "hello"}}}
    finding = GraphQLWSConsumer.as_asgi(
        schema=strawberry.Schema(Query, extensions=[Find]),
        session_auth=True,
        subscription_protocols=[TRANSPORT_WS, LEGACY_WS],
        on_operation=judge,
    )
    async with speak(words, finding) as client:
        for payload in (persisted, {**persisted, "query": ""}, {**persisted, "query": None}):
            message = {"id": "1", "type": words.start, "payload": payload}
            await client.socket.send(message)
            assert await client.result("1") == {"data": {"hello": "Hello, stranger!"}}
            await client.complete("1")
        await client.start("1", "")
        assert (await client.error("1"))["message"] == "No GraphQL query found in the request"
        assert (await client.run("1", "{ hello }"))["data"]
    assert asked == [("", persisted["extensions"])] * 3 + [("{ hello }", None)]


@in_both
async def test_an_error_of_a_resolver_is_part_of_the_result(words: Words) -> None:
    async with speak(words) as client:
        result = await client.run("1", "{ fail }")
        assert result["data"] == {"fail": None}
        assert result["errors"][0]["message"] == "This field always fails"
        await client.start("2", "subscription { failAfter(count: 1) }")
        assert await client.result("2") == {"data": {"failAfter": 0}}
        failed = await client.result("2")
        assert failed["errors"][0]["message"] == "This subscription always fails"
        await client.complete("2")


async def test_a_client_may_end_an_operation() -> None:
    async with speak(MODERN) as client:
        await client.start("1", FLOOD % "ended by the client")
        await client.result("1")
        await client.stop("1")
        await until(signals["ended by the client ended"].is_set)


async def test_a_client_of_the_legacy_protocol_is_told_that_its_operation_ended() -> None:
    async with speak(LEGACY, unread=5) as client:
        await client.start("1", FLOOD % "legacy stop")
        await client.receive()
        await client.stop("1")
        while (await client.receive())["type"] != "complete":
            pass
        await until(signals["legacy stop ended"].is_set)
        assert (await client.run("1", "{ hello }"))["data"]


@in_both
async def test_an_operation_ends_though_its_source_goes_on(words: Words) -> None:
    query, over = stubborn()
    async with speak(words) as client:
        await client.start("1", query)
        assert await client.result("1") == {"data": {"probe": 1}}
        await client.stop("1")
        await asyncio.wait_for(over.wait(), 5)
        if words is LEGACY:
            await client.complete("1")
        assert (await client.run("1", "{ hello }"))["data"]


async def test_when_the_client_leaves_an_operation_ends_though_its_source_goes_on() -> None:
    query, over = stubborn()
    async with speak(MODERN) as client:
        await client.start("1", query)
        await client.receive()
    assert over.is_set()


@in_both
async def test_to_end_what_is_not_under_way_is_no_fault(words: Words) -> None:
    async with speak(words) as client:
        for _ in range(2):
            await client.stop("never")
            assert (await client.run("never", "{ hello }"))["data"]


@in_both
async def test_operations_run_side_by_side(words: Words) -> None:
    release = asyncio.Event()

    async def waiting(info: Any) -> Any:
        await release.wait()
        return "released"

    async with speak(words) as client:
        await client.start("slow", f'{{ probe(name: "{probe(waiting)}") }}')
        assert (await client.run("fast", "{ hello }"))["data"]
        release.set()
        assert await client.result("slow") == {"data": {"probe": "released"}}
        await client.complete("slow")


@in_both
async def test_each_operation_has_a_context_of_its_own(words: Words) -> None:
    async with speak(words) as client:
        for number in range(2):
            result = await client.run(str(number), "{ a: calls b: calls }")
            assert result == {"data": {"a": 1, "b": 2}}


# Errors before execution.

FAULTY = ["{", "", "{ nothing }", "{ echo }", "subscription { nothing }", "query A { hello } x"]


@pytest.mark.parametrize("query", FAULTY)
@in_both
async def test_a_faulty_document_is_an_error_of_its_operation_alone(
    words: Words, query: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with speak(words, consumer(max_subscriptions_per_connection=2)) as client:
        await client.start("sibling", WAIT)
        assert await client.result("sibling") == LISTENING
        for _ in range(2):
            await client.start("1", query)
            assert "limit" not in (await client.error("1"))["message"]
        assert (await client.run("1", "{ hello }"))["data"]
    assert no_traceback(caplog)


@in_both
async def test_an_operation_that_is_not_in_the_document_is_an_error(words: Words) -> None:
    async with speak(words) as client:
        await client.start("1", "query A { hello }", operationName="B")
        assert (await client.error("1"))["message"] == 'Unknown operation named "B".'


async def test_a_deep_document_is_an_error() -> None:
    async with speak(MODERN) as client:
        await client.start("1", "{ a" * 20_000)
        await client.error("1")
        assert (await client.run("2", "{ hello }"))["data"]


@in_both
async def test_one_operation_too_many_is_an_error(words: Words) -> None:
    async with speak(words, consumer(max_subscriptions_per_connection=1)) as client:
        await client.start("1", WAIT)
        await client.receive()
        await client.start("2", "{ hello }")
        assert "limit" in (await client.error("2"))["message"]


@pytest.mark.django_db(transaction=True)
async def test_as_many_again_may_be_ended_while_their_threads_run(
    request: pytest.FixtureRequest,
) -> None:
    name = request.node.name
    async with connect(consumer(max_subscriptions_per_connection=2)) as socket:
        for id_ in ("1", "2", "3"):
            assert (await socket.result(id_, "{ hello }"))["data"]
            await socket.subscribe(id_, f'{{ wait(name: "{name}") }}')
            await until(signals[f"{name} started"].is_set)
            signals[f"{name} started"].clear()
            await socket.send({"id": id_, "type": "complete"})
        await socket.subscribe("4", "{ hello }")
        assert "limit reached" in (await socket.receive())["payload"][0]["message"]
        signals[name].set()
        await until(lambda: not [one for one in asyncio.all_tasks() if is_operation(one)])
        assert (await socket.result("4", "{ hello }"))["data"]


def is_operation(task: asyncio.Task[Any]) -> bool:
    return "run_operation" in repr(task.get_coro())


@pytest.mark.django_db(transaction=True)
async def test_the_end_waits_for_what_the_client_has_ended(request: pytest.FixtureRequest) -> None:
    name = request.node.name
    async with connect(application) as socket:
        await socket.subscribe("1", f'{{ wait(name: "{name}") }}')
        await until(signals[f"{name} started"].is_set)
        await socket.send({"id": "1", "type": "complete"})
        await socket.send({"id": "1", "type": "complete"})
        assert (await socket.result("2", "{ hello }"))["data"]
        await socket.communicator.send_input({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait([socket.communicator.future], timeout=0.1)
        assert not socket.communicator.future.done()
        signals[name].set()


@pytest.mark.parametrize(("limit", "message"), [(0, "error"), (None, "next")])
async def test_a_limit_of_zero_leaves_none_and_none_is_no_limit(
    limit: int | None, message: str
) -> None:
    async with speak(MODERN, consumer(max_subscriptions_per_connection=limit)) as client:
        for number in range(50):
            await client.start(str(number), WAIT)
            assert (await client.receive())["type"] == message


class Faulty(GraphQLWSConsumer):
    begun = False

    async def on_connect(self, context: Any) -> None:
        self.begun = True

    async def get_context(self, request: Any, response: Any) -> Any:
        if self.begun:
            raise ValueError("a secret")
        return await super().get_context(request, response)


@pytest.mark.parametrize(
    ("debug", "message"), [(False, "Internal server error"), (True, "a secret")]
)
@in_both
async def test_a_fault_of_the_project_is_an_error_that_tells_no_secret(
    words: Words, debug: bool, message: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = debug
    async with speak(words, consumer(Faulty)) as client:
        await client.start("1", "query Named { hello }", operationName="Named")
        assert await client.error("1") == {"message": message}
    (record,) = caplog.records
    assert "'Named'" in record.message
    assert record.exc_info is not None


async def refuse_echo(context: Any, operation: OperationRequest) -> None:
    if "echo" in (operation.query or ""):
        raise GraphQLError("No echo", extensions={"code": "NO"})


@in_both
async def test_an_operation_is_refused_by_on_operation(
    words: Words, caplog: pytest.LogCaptureFixture
) -> None:
    async with speak(words, consumer(on_operation=refuse_echo)) as client:
        await client.start("1", '{ echo(text: "hi") }')
        assert await client.error("1") == {"message": "No echo", "extensions": {"code": "NO"}}
        assert (await client.run("1", "{ hello }"))["data"]
    assert no_traceback(caplog)


# The connection.


async def accept_token(context: Any) -> dict[str, Any] | None:
    token = (context.connection_params or {}).get("token")
    if token is None:
        raise ConnectionRejectionError({"reason": "no token"})
    return {"welcome": True} if token == "abc" else None


@pytest.mark.parametrize(
    ("token", "ack"),
    [
        ("abc", {"type": "connection_ack", "payload": {"welcome": True}}),
        ("other", {"type": "connection_ack"}),
    ],
)
@in_both
async def test_on_connect_may_answer_with_a_payload(words: Words, token: str, ack: Any) -> None:
    async with speak(words, consumer(on_connect=accept_token), init=False) as client:
        assert await client.socket.init({"token": token}) == ack
        assert await client.run("1", "{ params }") == {"data": {"params": {"token": token}}}


async def test_on_connect_may_refuse() -> None:
    async with connect(consumer(on_connect=accept_token), init=False) as socket:
        await socket.send({"type": "connection_init"})
        assert await socket.closed() == (4403, "Forbidden")


async def test_a_legacy_client_is_told_why_on_connect_refused() -> None:
    async with speak(LEGACY, consumer(on_connect=accept_token), init=False) as client:
        await client.socket.send({"type": "connection_init"})
        payload = {"reason": "no token"}
        assert await client.receive() == {"type": "connection_error", "payload": payload}
        assert (await client.socket.closed())[0] == 1011


async def test_a_ping_is_answered_at_any_time() -> None:
    async with connect(application, init=False) as socket:
        await socket.send({"type": "ping", "payload": {"a": 1}})
        assert await socket.receive() == {"type": "pong", "payload": {"a": 1}}
        await socket.send({"type": "pong"})
        await socket.init()
        await socket.send({"type": "pong", "payload": None})
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}


@in_both
async def test_a_connection_begins_before_its_operations_and_once(words: Words) -> None:
    async with speak(words, init=False) as client:
        await client.start("1", "{ hello }")
        assert (await client.socket.closed())[0] == 4401
    async with speak(words) as client:
        await client.socket.send({"type": "connection_init"})
        assert (await client.socket.closed())[0] == 4429


# The shapes themselves are in test_protocol; here is one of each that a reader of frames meets.
INVALID = [
    "[]",
    '"text"',
    "{}",
    "{",
    "",
    "NaN",
    "[" * 50_000,
    '{"type": ["ping"]}',
    '{"type": "unknown"}',
    '{"type": "invalid_message"}',
    '{"type": "ping", "payload": 1}',
    '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
    '{"type": "subscribe", "id": [], "payload": {"query": "{ hello }"}}',
    '{"type": "complete", "id": {}}',
    json.dumps({"type": "é" * 200}),
    '{"type": "\\ud800"}',
]


@pytest.mark.parametrize("number", range(len(INVALID)))
async def test_a_message_of_another_shape_is_4400(
    number: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with connect(application) as socket:
        await socket.subscribe("sibling", FLOOD % f"sibling {number}")
        await socket.send_text(INVALID[number])
        message = await socket.message()
        while message["type"] == "websocket.send":
            message = await socket.message()
        assert (message["type"], message["code"]) == ("websocket.close", 4400)
        assert len(message["reason"].encode("utf-8", "replace")) <= 123
    assert not caplog.records


LEGACY_INVALID = [
    *("null", "[]", "{}", '{"type": {}}'),
    '{"type": "start", "id": [], "payload": {"query": "{ hello }"}}',
    '{"type": "start", "id": "1", "payload": {"query": 1}}',
    '{"type": "stop"}',
]


@pytest.mark.parametrize("text", LEGACY_INVALID)
async def test_a_message_of_another_shape_is_1002_in_the_legacy_protocol(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with speak(LEGACY) as client:
        await client.socket.send_text(text)
        assert (await client.socket.closed())[0] == 1002
    assert not caplog.records


async def test_a_message_of_an_unknown_type_is_an_error_in_the_legacy_protocol() -> None:
    async with speak(LEGACY) as client:
        await client.socket.send({"type": "subscribe", "id": "7"})
        answer = await client.socket.receive()
        assert (answer["type"], answer["id"]) == ("error", "7")
        assert answer["payload"] == {"message": "Unknown message type: subscribe"}
        await client.socket.start("8", "{ hello }")
        assert (await client.socket.receive())["id"] == "8"


@pytest.mark.parametrize(("words", "code"), [(MODERN, 4400), (LEGACY, 1002)])
async def test_a_binary_frame_closes_the_socket(words: Words, code: int) -> None:
    async with speak(words) as client:
        await client.socket.send_bytes(b'{"type": "ping"}')
        assert (await client.socket.closed())[0] == code


async def test_what_follows_a_close_is_not_read() -> None:
    async with connect(application) as socket:
        await socket.send([])
        await socket.subscribe("1", "{ hello }")
        assert (await socket.closed())[0] == 4400
        assert socket.communicator.output_queue.empty()


# What only the legacy protocol has.


@pytest.mark.parametrize("query", ["subscription { count(to: 7) }", "{", "{ hello }"])
async def test_what_is_stopped_as_it_ends_has_one_last_message(query: str) -> None:
    """The stop is heard when its last message is about to be written."""

    class Stopped(GraphQLWSHandler):
        async def send_message(self, message: Any) -> None:
            if message["type"] in ("complete", "error"):
                await self.handle_stop({"type": "stop", "id": message["id"]})
            await super().send_message(message)

    class Consumer(GraphQLWSConsumer):
        graphql_ws_handler_class = Stopped

    async with speak(LEGACY, consumer(Consumer)) as client:
        await client.start("1", query)
        while (await client.receive())["type"] == "data":
            pass
        assert await client.socket.communicator.receive_nothing(0.05)


async def test_an_operation_with_the_id_of_another_takes_its_place() -> None:
    async with speak(LEGACY) as client:
        await client.start("1", WAIT)
        await client.receive()
        await client.start("1", "{ hello }")
        await client.complete("1")
        assert (await client.result("1"))["data"]
        await client.complete("1")


async def test_parameters_that_are_no_object_are_refused() -> None:
    async with speak(LEGACY, init=False) as client:
        await client.socket.send({"type": "connection_init", "payload": []})
        assert (await client.receive())["type"] == "connection_error"
        assert await client.socket.closed() == (1000, "")


async def test_a_client_may_end_the_connection() -> None:
    async with speak(LEGACY) as client:
        await client.socket.send({"type": "connection_terminate"})
        assert await client.socket.closed() == (1000, "")


async def test_what_is_no_json_is_passed_over_as_the_protocol_has_it() -> None:
    async with speak(LEGACY) as client:
        for text in ("{", "nonsense", "[" * 50_000):
            await client.socket.send_text(text)
        assert (await client.run("1", "{ hello }"))["data"]


async def test_it_is_kept_alive_where_the_project_says_so_and_only_there() -> None:
    async with speak(LEGACY, consumer(keep_alive=True, keep_alive_interval=0.01)) as client:
        for _ in range(3):
            assert await client.receive() == {"type": "ka"}
    async with speak(LEGACY) as client:
        assert await client.socket.communicator.receive_nothing(0.05)


# The end.


@in_both
async def test_when_the_client_leaves_every_operation_ends(words: Words) -> None:
    names = [f"left {words.subprotocol} {number}" for number in range(5)]
    async with speak(words, unread=3) as client:
        for name in names:
            await client.start(name, FLOOD % name)
        await client.receive()
    for name in names:
        await until(signals[f"{name} ended"].is_set)


async def test_what_an_operation_says_after_its_end_is_not_said_for_the_next_of_its_id() -> None:
    async def unwilling(info: Any) -> Any:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            raise ValueError("unwilling")

    text = f'subscription {{ probe(name: "{probe(unwilling)}") }}'
    async with connect(application) as socket:
        await socket.subscribe("1", text)
        await socket.receive()
        await socket.send({"id": "1", "type": "complete"})
        await socket.subscribe("1", WAIT)
        assert (await socket.receive())["payload"] == {"data": {"listen": "listening"}}
        assert (await socket.result("2", "{ hello }"))["data"]


@in_both
async def test_an_error_that_is_no_json_is_said_in_another_way(words: Words) -> None:
    async def refuse(_context: Any, _operation: OperationRequest) -> None:
        raise GraphQLError("No", extensions={"why": object()})

    async with speak(words, consumer(on_operation=refuse)) as client:
        await client.start("1", "{ hello }")
        assert (await client.error("1"))["message"] == "Internal server error"
        await client.start("1", "{ hello }")  # The id is free, and the socket goes on.
        await client.error("1")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="before, no task tells who is cancelled")
@in_both
async def test_a_resolver_whose_own_task_was_cancelled_has_failed(words: Words) -> None:
    async def source(_info: Any) -> AsyncIterator[int]:
        yield 1
        other = asyncio.ensure_future(asyncio.Event().wait())
        other.cancel()
        await other

    async with speak(words) as client:
        await client.start("1", f'subscription {{ probe(name: "{probe(source)}") }}')
        assert await client.result("1") == {"data": {"probe": 1}}
        assert (await client.error("1"))["message"] == "Internal server error"


async def test_a_legacy_connection_has_to_begin_in_time() -> None:
    hasty = consumer(connection_init_wait_timeout=timedelta(seconds=0.05))
    async with connect(hasty, subprotocols=[LEGACY_WS], init=False) as socket:
        assert await socket.closed() == (4408, "Connection initialisation timeout")


@in_both
async def test_an_operation_that_ends_slowly_does_not_hold_up_its_socket(words: Words) -> None:
    may_end = asyncio.Event()

    async def source(_info: Any) -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            await may_end.wait()

    async with speak(words) as client:
        query = f'subscription {{ probe(name: "{probe(source)}") }}'
        await client.start("1", query)
        await client.result("1")
        await client.stop("1")
        assert await client.run("1", "{ hello }") == {"data": {"hello": "Hello, stranger!"}}
        may_end.set()


@in_both
async def test_an_operation_that_never_ends_is_left(
    words: Words, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(waiting, "LAST_WORDS", 0.05)

    async def source(_info: Any) -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            await asyncio.Event().wait()

    async with speak(words) as client:
        await client.start("1", f'subscription {{ probe(name: "{probe(source)}") }}')
        await client.result("1")
    await until(lambda: "still run 0.05 s after their socket closed: 1" in caplog.text)
