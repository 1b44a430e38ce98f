"""The legacy graphql-ws subprotocol, as a client meets it."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from graphql import GraphQLError
from strawberry.exceptions import ConnectionRejectionError

from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer
from strawberry_django.realtime.websocket.legacy import GraphQLWSHandler
from tests.schema import probe, schema, signals, stubborn
from tests.support import LEGACY_WS, until
from tests.support_websocket import Socket, connect

PROTOCOLS = ["graphql-transport-ws", LEGACY_WS]


def consumer(**options: Any) -> Any:
    return GraphQLWSConsumer.as_asgi(
        schema=schema, session_auth=True, subscription_protocols=PROTOCOLS, **options
    )


application = consumer()
WAIT = "subscription { listen(groups: []) }"


def legacy(application: Any = application, **kwargs: Any) -> AbstractAsyncContextManager[Socket]:
    return connect(application, subprotocols=[LEGACY_WS], **kwargs)


async def results(socket: Socket, id: str, query: str, **payload: Any) -> list[Any]:
    """Run an operation, and return what it gave until it was complete."""
    await socket.start(id, query, **payload)
    given = []
    while (answer := await socket.receive()) != {"type": "complete", "id": id}:
        assert (answer["type"], answer["id"]) == ("data", id)
        given.append(answer["payload"])
    return given


async def test_queries_mutations_and_subscriptions(ada_client: Any) -> None:
    async with legacy(client=ada_client) as socket:
        assert await results(socket, "1", "{ hello }") == [{"data": {"hello": "Hello, ada!"}}]
        assert await results(socket, "2", "subscription { count(to: 2) }") == [
            {"data": {"count": 1}},
            {"data": {"count": 2}},
        ]
        assert await results(socket, "3", "subscription { hello }") == [
            {"data": {"hello": "Hello, ada!"}}
        ]


async def test_variables_and_the_operation_name_are_those_of_the_client() -> None:
    text = "query A { hello } query B($t: String!) { echo(text: $t) }"
    async with legacy() as socket:
        given = await results(socket, "1", text, variables={"t": "hi"}, operationName="B")
    assert given == [{"data": {"echo": "hi"}}]


async def test_each_operation_has_a_context_of_its_own() -> None:
    async with legacy() as socket:
        for number in range(2):
            given = await results(socket, str(number), "{ a: calls b: calls }")
            assert given == [{"data": {"a": 1, "b": 2}}]


async def test_errors_of_resolvers_are_part_of_the_results() -> None:
    async with legacy() as socket:
        (result,) = await results(socket, "1", "{ fail }")
        assert result["errors"][0]["message"] == "This field always fails"
        first, failed = await results(socket, "2", "subscription { failAfter(count: 1) }")
        assert first == {"data": {"failAfter": 0}}
        assert failed["errors"][0]["message"] == "This subscription always fails"


@pytest.mark.parametrize("query", ["{", "", "{ nothing }", "subscription { nothing }"])
async def test_a_faulty_document_is_an_error_of_its_operation_alone(
    query: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with legacy() as socket:
        await socket.start("sibling", WAIT)
        assert (await socket.receive())["payload"] == {"data": {"listen": "listening"}}
        await socket.start("1", query)
        answer = await socket.receive()
        assert (answer["type"], answer["id"]) == ("error", "1")
        assert answer["payload"]["message"]
        assert (await results(socket, "1", "{ hello }"))[0]["data"]
        await socket.send({"type": "stop", "id": "sibling"})
        assert await socket.receive() == {"type": "complete", "id": "sibling"}
    assert not any(record.exc_info for record in caplog.records)


async def test_a_client_may_end_an_operation() -> None:
    async with legacy(unread=5) as socket:
        await socket.start("1", 'subscription { flood(size: 10, name: "legacy stop") }')
        await socket.receive()
        await socket.send({"type": "stop", "id": "1"})
        while (await socket.receive())["type"] != "complete":
            pass
        await until(signals["legacy stop ended"].is_set)
        await socket.send({"type": "stop", "id": "never"})
        assert (await results(socket, "1", "{ hello }"))[0]["data"]


async def test_what_never_waits_ends_with_its_client_or_before() -> None:
    async with legacy() as socket:
        await socket.start("1", 'subscription { flood(size: 10, name: "greedy stopped") }')
        await socket.receive()
        await socket.send({"type": "stop", "id": "1"})
        await until(signals["greedy stopped ended"].is_set)
        await socket.start("2", 'subscription { flood(size: 10, name: "greedy left") }')
        await until(lambda: socket.communicator.output_queue.qsize() > 50)
    assert signals["greedy left ended"].is_set()


async def test_an_operation_ends_though_its_source_goes_on() -> None:
    query, over = stubborn()
    async with legacy() as socket:
        await socket.start("1", query)
        assert (await socket.receive())["payload"] == {"data": {"probe": 1}}
        await socket.send({"type": "stop", "id": "1"})
        await asyncio.wait_for(over.wait(), 5)
        assert await socket.receive() == {"type": "complete", "id": "1"}
        assert (await results(socket, "1", "{ hello }"))[0]["data"]


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

    application = Consumer.as_asgi(
        schema=schema, session_auth=True, subscription_protocols=[LEGACY_WS]
    )
    async with legacy(application) as socket:
        await socket.start("1", query)
        while (await socket.receive())["type"] == "data":
            pass
        assert await socket.communicator.receive_nothing(0.05)


@pytest.mark.parametrize("query", ["{", "", "{ hello }"])
async def test_what_has_had_its_last_message_is_no_more(query: str) -> None:
    async with legacy(consumer(max_subscriptions_per_connection=1)) as socket:
        for id_ in ("1", "2", "3"):
            await socket.start(id_, query)
            while (answer := await socket.receive())["type"] == "data":
                pass
            assert "limit" not in str(answer)


async def test_a_connection_begins_once() -> None:
    async with legacy() as socket:
        await socket.send({"type": "connection_init"})
        assert await socket.closed() == (4429, "Too many initialisation requests")


async def test_an_operation_with_the_id_of_another_takes_its_place() -> None:
    async with legacy() as socket:
        await socket.start("1", WAIT)
        await socket.receive()
        await socket.start("1", "{ hello }")
        assert await socket.receive() == {"type": "complete", "id": "1"}
        assert (await socket.receive())["payload"]["data"]
        assert await socket.receive() == {"type": "complete", "id": "1"}


async def test_of_several_errors_of_a_document_the_first_is_told() -> None:
    async with legacy() as socket:
        await socket.start("1", "{ first second }")
        answer = await socket.receive()
        assert "'first'" in answer["payload"]["message"]


async def test_one_operation_too_many_is_an_error() -> None:
    async with legacy(consumer(max_subscriptions_per_connection=1)) as socket:
        await socket.start("1", WAIT)
        await socket.receive()
        await socket.start("2", "{ hello }")
        answer = await socket.receive()
        assert (answer["type"], answer["id"]) == ("error", "2")


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
async def test_on_connect_may_answer_with_a_payload(token: str, ack: Any) -> None:
    async with legacy(consumer(on_connect=accept_token), init=False) as socket:
        assert await socket.init({"token": token}) == ack
        assert await results(socket, "1", "{ params }") == [{"data": {"params": {"token": token}}}]


async def test_on_connect_may_refuse() -> None:
    async with legacy(consumer(on_connect=accept_token), init=False) as socket:
        await socket.send({"type": "connection_init"})
        assert await socket.receive() == {
            "type": "connection_error",
            "payload": {"reason": "no token"},
        }
        assert await socket.closed() == (1011, "")


async def test_parameters_that_are_no_object_are_refused() -> None:
    async with legacy(init=False) as socket:
        await socket.send({"type": "connection_init", "payload": []})
        assert (await socket.receive())["type"] == "connection_error"
        assert await socket.closed() == (1000, "")


async def test_an_operation_before_the_beginning_is_4401() -> None:
    async with legacy(init=False) as socket:
        await socket.start("1", "{ hello }")
        assert await socket.closed() == (4401, "Unauthorized")


async def test_a_client_may_end_the_connection() -> None:
    async with legacy() as socket:
        await socket.send({"type": "connection_terminate"})
        assert await socket.closed() == (1000, "")


INVALID = [
    *("1", "null", "[]", '"text"', "{}", '{"type": 1}', '{"type": {}}', '{"type": "subscribe"}'),
    '{"type": "start"}',
    '{"type": "start", "id": "1"}',
    '{"type": "start", "id": "1", "payload": []}',
    '{"type": "start", "id": "1", "payload": {"query": 1}}',
    '{"type": "start", "id": [], "payload": {"query": "{ hello }"}}',
    '{"type": "stop"}',
    '{"type": "stop", "id": {}}',
]


@pytest.mark.parametrize("text", INVALID)
@pytest.mark.parametrize("init", [True, False])
async def test_a_message_of_another_shape_is_1002(
    text: str, init: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with legacy(init=init) as socket:
        await socket.send_text(text)
        code, reason = await socket.closed()
        assert code == 1002
        assert reason
    assert not caplog.records


async def test_what_is_no_json_is_passed_over_as_the_protocol_has_it() -> None:
    async with legacy() as socket:
        for text in ("{", "nonsense", "[" * 50_000):
            await socket.send_text(text)
        assert (await results(socket, "1", "{ hello }"))[0]["data"]


async def test_a_binary_frame_is_1002() -> None:
    async with legacy() as socket:
        await socket.send_bytes(b"{}")
        assert await socket.closed() == (1002, "WebSocket message type must be text")


async def test_it_is_kept_alive_where_the_project_says_so() -> None:
    async with legacy(consumer(keep_alive=True, keep_alive_interval=0.01)) as socket:
        for _ in range(3):
            assert await socket.receive() == {"type": "ka"}


async def test_nothing_keeps_it_alive_otherwise() -> None:
    async with legacy() as socket:
        assert await socket.communicator.receive_nothing(0.05)


async def test_a_socket_with_an_operation_is_not_idle() -> None:
    async with legacy(consumer(max_idle_time=0.1)) as socket:
        await socket.start("1", WAIT)
        assert (await socket.receive())["payload"] == {"data": {"listen": "listening"}}
        assert await socket.communicator.receive_nothing(0.3)
        await socket.send({"type": "stop", "id": "1"})
        assert await socket.receive() == {"type": "complete", "id": "1"}
        assert (await socket.closed())[0] == 4408


class Faulty(GraphQLWSConsumer):
    begun = False

    async def on_connect(self, context: Any) -> None:
        self.begun = True

    async def get_context(self, request: Any, response: Any) -> Any:
        if self.begun:
            raise ValueError("a secret")
        return await super().get_context(request, response)


async def test_a_fault_of_the_project_is_an_error_that_tells_no_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    faulty = Faulty.as_asgi(schema=schema, session_auth=True, subscription_protocols=PROTOCOLS)
    async with legacy(faulty) as socket:
        await socket.start("1", "{ hello }")
        payload = {"message": "Internal server error"}
        assert await socket.receive() == {"type": "error", "id": "1", "payload": payload}
    assert len(caplog.records) == 1


async def refuse(context: Any, operation: Any) -> None:
    raise GraphQLError("No", extensions={"code": "NO"})


async def test_an_operation_is_refused_by_on_operation(caplog: pytest.LogCaptureFixture) -> None:
    async with legacy(consumer(on_operation=refuse)) as socket:
        await socket.start("1", "{ hello }")
        payload = {"message": "No", "extensions": {"code": "NO"}}
        assert await socket.receive() == {"type": "error", "id": "1", "payload": payload}
    assert not caplog.records


async def test_when_the_client_leaves_every_operation_ends() -> None:
    names = [f"legacy left {number}" for number in range(5)]
    async with legacy(unread=3) as socket:
        for name in names:
            await socket.start(name, f'subscription {{ flood(size: 10, name: "{name}") }}')
        await socket.receive()
    for name in names:
        await until(signals[f"{name} ended"].is_set)


async def test_operations_run_side_by_side() -> None:
    release = asyncio.Event()

    async def waiting(info: Any) -> Any:
        await release.wait()
        return "released"

    async with legacy() as socket:
        await socket.start("slow", f'{{ probe(name: "{probe(waiting)}") }}')
        assert (await results(socket, "fast", "{ hello }"))[0]["data"]
        release.set()
        assert (await socket.receive())["payload"] == {"data": {"probe": "released"}}
        assert await socket.receive() == {"type": "complete", "id": "slow"}
