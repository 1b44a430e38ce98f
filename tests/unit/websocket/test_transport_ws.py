"""The graphql-transport-ws subprotocol, as a client meets it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from graphql import GraphQLError
from strawberry.exceptions import ConnectionRejectionError

from strawberry_django.realtime.conf import OperationRequest
from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer
from tests.schema import probe, schema, signals, stubborn
from tests.support import until
from tests.support_websocket import Socket, connect


def consumer(**options: Any) -> Any:
    return GraphQLWSConsumer.as_asgi(schema=schema, session_auth=True, **options)


application = consumer()
FLOOD = 'subscription { flood(size: 10, name: "%s") }'
WAIT = "subscription { listen(groups: []) }"


def no_traceback(caplog: pytest.LogCaptureFixture) -> bool:
    return not any(record.exc_info for record in caplog.records)


# The life of an operation.


async def test_a_query_has_one_result() -> None:
    async with connect(application) as socket:
        assert await socket.result("1", "{ hello }") == {"data": {"hello": "Hello, stranger!"}}


async def test_a_mutation_has_one_result() -> None:
    async with connect(application) as socket:
        assert await socket.result("1", "mutation { logout }") == {"data": {"logout": False}}


async def test_a_subscription_has_many_and_is_complete() -> None:
    async with connect(application) as socket:
        await socket.subscribe("a", "subscription { count(to: 3) }")
        for number in (1, 2, 3):
            payload = {"data": {"count": number}}
            assert await socket.receive() == {"id": "a", "type": "next", "payload": payload}
        assert await socket.receive() == {"id": "a", "type": "complete"}


async def test_variables_and_the_operation_name_are_those_of_the_client() -> None:
    text = "query A { hello } query B($t: String!) { echo(text: $t) }"
    async with connect(application) as socket:
        result = await socket.result("1", text, variables={"t": "hi"}, operationName="B")
    assert result == {"data": {"echo": "hi"}}


async def test_the_extensions_of_an_operation_reach_the_schema() -> None:
    def extensions(info: Any) -> Any:
        return info.input_extensions

    text = f'{{ probe(name: "{probe(extensions)}") }}'
    async with connect(application) as socket:
        assert await socket.result("1", text, extensions={"a": 1}) == {"data": {"probe": {"a": 1}}}


async def test_an_error_of_a_resolver_is_part_of_the_result() -> None:
    async with connect(application) as socket:
        result = await socket.result("1", "{ fail }")
    assert result["data"] == {"fail": None}
    assert result["errors"][0]["message"] == "This field always fails"


async def test_a_subscription_that_fails_says_so_and_is_complete() -> None:
    async with connect(application) as socket:
        await socket.subscribe("1", "subscription { failAfter(count: 1) }")
        assert (await socket.receive())["payload"] == {"data": {"failAfter": 0}}
        failed = await socket.receive()
        assert failed["type"] == "next"
        assert failed["payload"]["errors"][0]["message"] == "This subscription always fails"
        assert await socket.receive() == {"id": "1", "type": "complete"}


async def test_a_client_may_end_an_operation() -> None:
    async with connect(application) as socket:
        await socket.subscribe("1", FLOOD % "ended by the client")
        assert (await socket.receive())["type"] == "next"
        await socket.send({"id": "1", "type": "complete"})
        await until(signals["ended by the client ended"].is_set)


async def test_an_operation_ends_though_its_source_goes_on() -> None:
    query, over = stubborn()
    async with connect(application) as socket:
        await socket.subscribe("1", query)
        assert (await socket.receive())["payload"] == {"data": {"probe": 1}}
        await socket.send({"id": "1", "type": "complete"})
        await asyncio.wait_for(over.wait(), 5)
        assert (await socket.result("1", "{ hello }"))["data"]


async def test_when_the_client_leaves_an_operation_ends_though_its_source_goes_on() -> None:
    query, over = stubborn()
    async with connect(application) as socket:
        await socket.subscribe("1", query)
        await socket.receive()
    assert over.is_set()


async def test_to_end_what_is_not_under_way_is_no_fault() -> None:
    async with connect(application) as socket:
        await socket.send({"id": "never", "type": "complete"})
        assert (await socket.result("never", "{ hello }"))["data"]
        await socket.send({"id": "never", "type": "complete"})
        assert (await socket.result("never", "{ hello }"))["data"]


async def test_an_id_may_be_used_again_when_its_operation_is_complete() -> None:
    async with connect(application) as socket:
        for _ in range(3):
            assert (await socket.result("1", "{ hello }"))["data"]


@pytest.mark.django_db(transaction=True)
async def test_operations_run_side_by_side() -> None:
    async with connect(application) as socket:
        await socket.subscribe("slow", 'query { wait(name: "side by side") }')
        await until(signals["side by side started"].is_set)
        assert (await socket.result("fast", "{ users }"))["data"] == {"users": 0}
        signals["side by side"].set()
        assert (await socket.receive())["payload"] == {"data": {"wait": True}}
        assert (await socket.receive())["type"] == "complete"


async def test_each_operation_has_a_context_of_its_own() -> None:
    async with connect(application) as socket:
        for number in range(3):
            result = await socket.result(str(number), "{ a: calls b: calls }")
            assert result == {"data": {"a": 1, "b": 2}}


# Errors before execution.

FAULTY = ["{", "", "{ nothing }", "{ echo }", "subscription { nothing }", "query A { hello } x"]


@pytest.mark.parametrize("query", FAULTY)
async def test_a_faulty_document_is_an_error_of_its_operation_alone(
    query: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with connect(application) as socket:
        await socket.subscribe("sibling", WAIT)
        assert (await socket.receive())["payload"] == {"data": {"listen": "listening"}}
        await socket.subscribe("1", query)
        answer = await socket.receive()
        assert (answer["type"], answer["id"]) == ("error", "1")
        assert answer["payload"][0]["message"]
        assert (await socket.result("1", "{ hello }"))["data"]
        await socket.send({"id": "sibling", "type": "complete"})
    assert no_traceback(caplog)


async def test_an_operation_that_is_not_in_the_document_is_an_error() -> None:
    async with connect(application) as socket:
        await socket.subscribe("1", "query A { hello }", operationName="B")
        answer = await socket.receive()
        assert answer["type"] == "error"
        assert answer["payload"][0]["message"] == 'Unknown operation named "B".'


async def test_a_deep_document_is_an_error() -> None:
    async with connect(application) as socket:
        await socket.subscribe("1", "{ a" * 20_000)
        assert (await socket.receive())["type"] == "error"
        assert (await socket.result("2", "{ hello }"))["data"]


async def test_one_operation_too_many_is_an_error() -> None:
    async with connect(consumer(max_subscriptions_per_connection=1)) as socket:
        await socket.subscribe("1", WAIT)
        await socket.receive()
        await socket.subscribe("2", "{ hello }")
        answer = await socket.receive()
        assert (answer["type"], answer["id"]) == ("error", "2")
        assert "max_subscriptions_per_connection" in answer["payload"][0]["message"]
        await socket.send({"id": "1", "type": "complete"})
        assert (await socket.result("2", "{ hello }"))["data"]


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


@pytest.mark.parametrize("limit", [0, -1])
async def test_where_the_limit_leaves_none_every_operation_is_an_error(limit: int) -> None:
    async with connect(consumer(max_subscriptions_per_connection=limit)) as socket:
        await socket.subscribe("1", "{ hello }")
        answer = await socket.receive()
        assert (answer["type"], answer["id"]) == ("error", "1")


async def test_without_a_limit_there_may_be_any_number() -> None:
    async with connect(consumer(max_subscriptions_per_connection=None)) as socket:
        for number in range(50):
            await socket.subscribe(str(number), WAIT)
            assert (await socket.receive())["type"] == "next"


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
async def test_a_fault_of_the_project_is_an_error_that_tells_no_secret(
    debug: bool, message: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = debug
    async with connect(Faulty.as_asgi(schema=schema, session_auth=True)) as socket:
        await socket.subscribe("1", "query Named { hello }", operationName="Named")
        answer = await socket.receive()
    assert answer == {"id": "1", "type": "error", "payload": [{"message": message}]}
    (record,) = caplog.records
    assert record.message == "The operation 'Named' failed"
    assert record.exc_info is not None


async def refuse_echo(context: Any, operation: OperationRequest) -> None:
    if "echo" in (operation.query or ""):
        raise GraphQLError("No echo", extensions={"code": "NO"})


async def test_an_operation_is_refused_by_on_operation(caplog: pytest.LogCaptureFixture) -> None:
    async with connect(consumer(on_operation=refuse_echo)) as socket:
        await socket.subscribe("1", '{ echo(text: "hi") }')
        payload = [{"message": "No echo", "extensions": {"code": "NO"}}]
        assert await socket.receive() == {"id": "1", "type": "error", "payload": payload}
        assert (await socket.result("1", "{ hello }"))["data"]
    assert no_traceback(caplog)


# The connection.


async def test_the_acknowledgement_has_no_payload_of_itself() -> None:
    async with connect(application, init=False) as socket:
        assert await socket.init({"token": "abc"}) == {"type": "connection_ack"}
        assert await socket.result("1", "{ params }") == {"data": {"params": {"token": "abc"}}}


async def test_a_connection_without_parameters_has_none() -> None:
    async with connect(application) as socket:
        assert await socket.result("1", "{ params }") == {"data": {"params": {}}}


async def accept_token(context: Any) -> dict[str, Any]:
    if context.connection_params.get("token") != "abc":
        raise ConnectionRejectionError
    return {"welcome": True}


async def test_on_connect_may_answer_with_a_payload() -> None:
    async with connect(consumer(on_connect=accept_token), init=False) as socket:
        ack = await socket.init({"token": "abc"})
        assert ack == {"type": "connection_ack", "payload": {"welcome": True}}
        assert (await socket.result("1", "{ hello }"))["data"]


async def test_on_connect_may_refuse() -> None:
    async with connect(consumer(on_connect=accept_token), init=False) as socket:
        await socket.send({"type": "connection_init"})
        assert await socket.closed() == (4403, "Forbidden")


async def test_a_ping_is_answered_at_any_time() -> None:
    async with connect(application, init=False) as socket:
        await socket.send({"type": "ping", "payload": {"a": 1}})
        assert await socket.receive() == {"type": "pong"}
        await socket.send({"type": "pong"})
        await socket.init()
        await socket.send({"type": "pong", "payload": None})
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}


async def test_a_client_that_does_not_begin_is_closed() -> None:
    timeout = timedelta(milliseconds=20)
    async with connect(consumer(connection_init_wait_timeout=timeout), init=False) as socket:
        assert await socket.closed() == (4408, "Connection initialisation timeout")


async def test_a_client_that_begins_is_not_closed() -> None:
    timeout = timedelta(milliseconds=20)
    async with connect(consumer(connection_init_wait_timeout=timeout)) as socket:
        assert await socket.communicator.receive_nothing(0.05)
        assert (await socket.result("1", "{ hello }"))["data"]


async def closed_by(socket: Socket, *messages: Any) -> tuple[int, str]:
    for message in messages:
        await socket.send(message)
    return await socket.closed()


HELLO = {"query": "{ hello }"}


async def test_an_operation_before_the_beginning_is_4401() -> None:
    async with connect(application, init=False) as socket:
        message = {"id": "1", "type": "subscribe", "payload": HELLO}
        assert await closed_by(socket, message) == (4401, "Unauthorized")


async def test_a_second_beginning_is_4429() -> None:
    async with connect(application) as socket:
        closed = await closed_by(socket, {"type": "connection_init"})
        assert closed == (4429, "Too many initialisation requests")


async def test_an_id_that_is_under_way_is_4409() -> None:
    async with connect(application) as socket:
        await socket.subscribe("one", WAIT)
        await socket.receive()
        message = {"id": "one", "type": "subscribe", "payload": HELLO}
        assert await closed_by(socket, message) == (4409, "Subscriber for one already exists")


INVALID = [
    "1",
    "null",
    "[]",
    '"text"',
    "[1]",
    "{}",
    "{",
    "",
    "nonsense",
    "NaN",
    "[" * 50_000,
    '{"type": 1}',
    '{"type": null}',
    '{"type": ["ping"]}',
    '{"type": {}}',
    '{"type": "unknown"}',
    '{"type": "message"}',
    '{"type": "invalid_message"}',
    '{"type": "connection_init", "payload": []}',
    '{"type": "connection_init", "payload": "text"}',
    '{"type": "ping", "payload": 1}',
    '{"type": "pong", "payload": "x"}',
    '{"type": "subscribe"}',
    '{"type": "subscribe", "id": "1"}',
    '{"type": "subscribe", "id": "1", "payload": null}',
    '{"type": "subscribe", "id": "1", "payload": []}',
    '{"type": "subscribe", "id": "1", "payload": {}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": null}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": []}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "operationName": 1}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "extensions": 1}}',
    '{"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}}',
    '{"type": "subscribe", "id": [], "payload": {"query": "{ hello }"}}',
    '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
    '{"type": "subscribe", "id": null, "payload": {"query": "{ hello }"}}',
    '{"type": "complete"}',
    '{"type": "complete", "id": {}}',
    json.dumps({"type": "é" * 200}),
    '{"type": "\\ud800"}',
]


@pytest.mark.parametrize("number", range(len(INVALID)))
@pytest.mark.parametrize("init", [True, False])
async def test_a_message_of_another_shape_is_4400(
    number: int, init: bool, caplog: pytest.LogCaptureFixture
) -> None:
    text = INVALID[number]
    async with connect(application, init=init) as socket:
        if init:
            await socket.subscribe("sibling", FLOOD % f"sibling {number}")
            await socket.receive()
            while not socket.communicator.output_queue.empty():
                await socket.receive()
        await socket.send_text(text)
        message = await socket.message()
        while message["type"] == "websocket.send":
            message = await socket.message()
        assert (message["type"], message["code"]) == ("websocket.close", 4400)
        assert len(message["reason"].encode("utf-8", "replace")) <= 123
    assert not caplog.records
    if init:
        assert signals[f"sibling {number} ended"].is_set()


async def test_a_binary_frame_is_4400() -> None:
    async with connect(application) as socket:
        await socket.send_bytes(b'{"type": "ping"}')
        assert await socket.closed() == (4400, "WebSocket message type must be text")


async def test_what_follows_a_close_is_not_read() -> None:
    async with connect(application) as socket:
        await socket.send([])
        await socket.send({"id": "1", "type": "subscribe", "payload": HELLO})
        assert (await socket.closed())[0] == 4400
        assert socket.communicator.output_queue.empty()


# The end.


@pytest.mark.parametrize("count", [1, 20])
async def test_when_the_client_leaves_every_operation_ends(count: int) -> None:
    names = [f"left {count} {number}" for number in range(count)]
    async with connect(application, unread=3, init=False) as socket:
        await socket.init()
        for name in names:
            await socket.subscribe(name, FLOOD % name)
        await socket.receive()
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
