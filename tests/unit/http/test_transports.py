"""How a subscription is streamed over HTTP, byte by byte."""

from __future__ import annotations

import pytest

from strawberry_django.realtime.http.consumer import GraphQLHTTPConsumer
from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer
from tests.schema import schema
from tests.support import stream
from tests.support_websocket import connect

application = GraphQLHTTPConsumer.as_asgi(schema=schema, session_auth=True)
COUNT = "subscription { count(to: 2) }"


async def body(query: str, accept: str) -> str:
    chunks = []
    async with stream(application, query, accept) as (_, exchange):
        while (chunk := await exchange.chunk()) is not None:
            chunks.append(chunk.decode())
    return "".join(chunks)


async def test_server_sent_events_begin_at_once_and_end_their_lines_with_a_line_feed() -> None:
    assert await body(COUNT, "text/event-stream") == (
        ": ping\n\n"
        'event: next\ndata: {"data":{"count":1}}\n\n'
        'event: next\ndata: {"data":{"count":2}}\n\n'
        "event: complete\ndata: \n\n"
    )


@pytest.mark.parametrize(
    ("query", "kind", "has_data"),
    [
        ("subscription { members }", "error", False),
        ("subscription { nothing }", "error", False),
        ("subscription ($t: Int!) { count(to: $t) }", "error", False),
        ("subscription { failAfter(count: 0) }", "next", True),
    ],
)
async def test_what_is_refused_at_its_start_has_no_data_over_any_transport(
    query: str, kind: str, has_data: bool
) -> None:
    """As a request error has it, and as an `error` message is (GraphQL, section "Response")."""
    async with connect(GraphQLWSConsumer.as_asgi(schema=schema, session_auth=True)) as socket:
        await socket.subscribe("1", query)
        message = await socket.receive()
    assert message["type"] == kind
    assert has_data == (kind == "next" and "data" in message["payload"])
    for accept in ("text/event-stream", "multipart/mixed;subscriptionSpec=1.0"):
        assert ('"data":' in await body(query, accept)) == has_data


async def test_multipart_subscriptions_are_as_their_protocol_has_them() -> None:
    text = await body(COUNT, "multipart/mixed;subscriptionSpec=1.0")
    assert [line for line in text.split("\r\n") if line.startswith(("{", "--"))] == [
        "{}",
        "--graphql",
        '{"payload":{"data":{"count":1}}}',
        "--graphql",
        '{"payload":{"data":{"count":2}}}',
        "--graphql",
        "--graphql--",
    ]
