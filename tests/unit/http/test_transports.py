"""How a subscription is streamed over HTTP, byte by byte."""

from __future__ import annotations

from strawberry_django.realtime.http.consumer import GraphQLHTTPConsumer
from tests.schema import schema
from tests.support import stream

application = GraphQLHTTPConsumer.as_asgi(schema=schema)
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
