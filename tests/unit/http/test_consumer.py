"""A request's way through Django to the schema, and back."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Any

import pytest
from django.test import Client
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.ides import get_graphql_ide_html

from strawberry_django.realtime.exceptions import AuthNotConfiguredError
from strawberry_django.realtime.http.consumer import GraphQLHTTPConsumer
from tests.schema import probe, schema, signals
from tests.support import Answer, ask, post, queries, request, stream, until

application = GraphQLHTTPConsumer.as_asgi(schema=schema, session_auth=True)
explorer = GraphQLHTTPConsumer.as_asgi(schema=schema, session_auth=True, graphql_ide="graphiql")
HELLO = {"query": "{ hello }"}
SSE = "text/event-stream"
MULTIPART = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"
LISTEN = 'subscription { listen(groups: ["a"], name: "%s") }'


def consumer(**options: Any) -> Any:
    return GraphQLHTTPConsumer.as_asgi(schema=schema, **options)


def query(name: str, field: str = "probe") -> str:
    return f'{{ {field}(name: "{name}") }}'


# What a resolver finds.


async def test_each_operation_of_a_batch_has_a_context_of_its_own() -> None:
    answer = await post(application, [{"query": "{ a: calls b: calls }"}] * 3)
    assert answer.json() == [{"data": {"a": 1, "b": 2}}] * 3


async def test_a_stranger_has_no_current_user_and_no_secret() -> None:
    answer = await ask(application, "{ currentUser { username } }")
    assert answer["errors"][0]["message"] == "User is not logged in."
    answer = await ask(application, "{ secret }")
    assert answer["errors"][0]["message"] == "User is not authenticated."


async def test_what_a_resolver_sets_on_the_response_is_sent() -> None:
    answer = await post(application, {"query": "mutation { respond(status: 418) }"})
    assert answer.status == 418
    assert answer["x-answer"] == "42"
    assert answer.cookies["flavour"].value == "vanilla"
    assert answer.json() == {"data": {"respond": True}}


# Who may enter.


@pytest.mark.parametrize("method", ["DELETE", "HEAD", "PUT"])
async def test_what_asks_for_no_page_is_refused_from_another_site(
    method: str, ada_client: Client
) -> None:
    headers = {"sec-fetch-site": "cross-site"}
    answer = await request(application, method, headers=headers, client=ada_client)
    assert answer.status == 403


async def test_the_explorer_may_be_reached_by_a_link_from_another_site(ada_client: Client) -> None:
    headers = {"accept": "text/html", "sec-fetch-site": "cross-site"}
    answer = await request(explorer, "GET", "/graphql", headers=headers, client=ada_client)
    assert answer.status == 200
    for parameter in ("query={hello}", "extensions={}"):
        path = f"/graphql?{parameter}"
        answer = await request(explorer, "GET", path, headers=headers, client=ada_client)
        assert answer.status == 403


@pytest.mark.parametrize("status", [200, 204, 400, 405, 415])
async def test_every_answer_has_the_headers_of_djangos_security_middleware(
    status: int, settings: Any
) -> None:
    settings.SECURE_HSTS_SECONDS = 60
    asked: dict[int, Any] = {
        200: post(application, HELLO, scheme="https"),
        204: request(application, "OPTIONS", scheme="https"),
        400: post(application, 1, scheme="https"),
        405: request(application, "PUT", scheme="https"),
        415: request(application, "POST", scheme="https"),
    }
    answers: dict[int, Answer] = {each: await asking for each, asking in asked.items()}
    answer = answers[status]
    assert answer.status == status
    assert answer["x-content-type-options"] == "nosniff"
    assert answer["referrer-policy"] == "same-origin"
    assert answer["strict-transport-security"] == "max-age=60"
    assert answer["content-length"] == str(len(answer.body))
    assert answer["allow"] == ("GET, POST, OPTIONS" if status in {204, 405} else "")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=é"])
async def test_what_django_cannot_read_is_400(content_type: str) -> None:
    headers = {"content-type": content_type, "content-length": "1"}
    uploads = consumer(multipart_uploads_enabled=True)
    answer = await request(uploads, body=b"x", headers=headers)
    assert answer.status == 400
    assert answer.message.startswith("Invalid ")
    assert answer["x-content-type-options"] == "nosniff"


# With the project's middleware.


async def test_inside_the_projects_middleware_it_takes_its_user(ada_client: Client) -> None:
    application = consumer(django_middleware=True)
    with queries() as asked:
        answer = await ask(application, "{ hello helloAsync }", client=ada_client)
    assert answer == {"data": {"hello": "Hello, ada!", "helloAsync": "Hello, ada!"}}
    assert len(asked) == 2
    answer = await ask(application, "{ hello }")
    assert answer == {"data": {"hello": "Hello, stranger!"}}


async def test_inside_the_projects_middleware_sessions_are_saved(ada_client: Client) -> None:
    application = consumer(django_middleware=True)
    for expected in (None, "a"):
        text = 'mutation { remember(value: "a") }'
        answer = await ask(application, text, client=ada_client)
        assert answer == {"data": {"remember": expected}}


async def test_a_project_without_authentication_is_told_so(settings: Any) -> None:
    settings.MIDDLEWARE = []
    answer = await ask(consumer(django_middleware=True), "{ hello }")
    assert answer["errors"][0]["message"] == str(AuthNotConfiguredError())


def vip(get_response: Any) -> Any:
    """A middleware of the project."""

    def middleware(request: Any) -> Any:
        request.vip = True
        response = get_response(request)
        response["X-VIP"] = "yes"
        return response

    return middleware


async def test_a_resolver_sees_what_the_projects_middleware_has_set(
    settings: Any, ada_client: Client
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.vip"]

    def is_vip(info: Any) -> Any:
        return info.context.request.vip

    answer = await post(
        consumer(django_middleware=True), {"query": query(probe(is_vip))}, client=ada_client
    )
    assert answer.json() == {"data": {"probe": True}}
    assert answer["x-vip"] == "yes"


# Threads.


@pytest.mark.django_db(transaction=True)
async def test_a_slow_resolver_does_not_hold_up_another_request(
    request: pytest.FixtureRequest,
) -> None:
    name = request.node.name
    slow = asyncio.create_task(ask(application, f'{{ wait(name: "{name}") }}'))
    await until(signals[f"{name} started"].is_set)
    assert await ask(application, "{ users }") == {"data": {"users": 0}}
    assert not slow.done()
    signals[name].set()
    assert await slow == {"data": {"wait": True}}


# Streams.


@pytest.mark.parametrize("accept", [SSE, MULTIPART])
@pytest.mark.parametrize("django_middleware", [True, False])
async def test_a_subscription_to_a_channel_layer_ends_when_the_client_leaves(
    accept: str, django_middleware: bool, channel_layer: Any, ada_client: Client
) -> None:
    name = f"{accept} {django_middleware}"
    application = consumer(session_auth=True, django_middleware=django_middleware)
    before = asyncio.all_tasks()
    async with stream(application, LISTEN % name, accept, client=ada_client) as (_, exchange):
        await exchange.chunk_with("listening")
        for text in ("first", "second"):
            await channel_layer.group_send("a", {"type": "test.message", "text": text})
            await exchange.chunk_with(text)
        assert "a" in channel_layer.groups
        assert not signals[f"{name} ended"].is_set()
    await until(signals[f"{name} ended"].is_set)
    assert channel_layer.groups == {}
    await until(lambda: not asyncio.all_tasks() - before)


@pytest.mark.parametrize("accept", [SSE, MULTIPART])
async def test_a_stream_holds_no_thread_while_it_waits(
    accept: str, channel_layer: Any, ada_client: Client
) -> None:
    before = set(threading.enumerate())
    async with stream(application, LISTEN % "thread", accept, client=ada_client) as (_, exchange):
        await exchange.chunk_with("listening")
        await until(lambda: set(threading.enumerate()) <= before)


async def test_a_query_that_listens_leaves_nothing_behind(channel_layer: Any) -> None:
    async def once(info: Any) -> Any:
        consumer = info.context.consumer
        assert consumer.channel_layer is channel_layer
        async with consumer.listen_to_channel("test.message", groups=["a"]) as messages:
            await channel_layer.group_send("a", {"type": "test.message", "text": "hi"})
            return (await anext(messages))["text"]

    before = asyncio.all_tasks()
    assert await ask(application, query(probe(once))) == {"data": {"probe": "hi"}}
    assert asyncio.all_tasks() == before
    assert channel_layer.groups == {}


@pytest.mark.parametrize("refused", [True, False])
async def test_who_still_listens_at_the_answer_hears_no_more(
    refused: bool, channel_layer: Any
) -> None:
    async with contextlib.AsyncExitStack() as stack:

        async def on_connect(context: Any) -> None:
            listening = context.consumer.listen_to_channel("test.message", groups=["a"])
            await stack.enter_async_context(listening)
            if refused:
                raise ConnectionRejectionError

        before = asyncio.all_tasks()
        answer = await post(consumer(session_auth=True, on_connect=on_connect), HELLO)
        assert answer.status == (403 if refused else 200)
        assert asyncio.all_tasks() == before


# The explorer.


async def test_a_browser_gets_the_explorer_and_its_files_without_a_query(
    ada_client: Client,
) -> None:
    with queries() as asked:
        page = await request(
            explorer, "GET", "/graphql", headers={"accept": "text/html"}, client=ada_client
        )
        file = await request(explorer, "GET", "/graphql?explorer-asset=icon.svg", client=ada_client)
    assert page["content-type"].startswith("text/html")
    assert b"GraphQL explorer" in page.body
    assert file["content-type"] == "image/svg+xml"
    assert all("django_session" in sql or "auth_user" in sql for sql in asked)


async def test_the_explorer_is_the_one_that_the_project_names() -> None:
    pathfinder = consumer(graphql_ide="pathfinder")
    answer = await request(pathfinder, "GET", "/graphql", headers={"accept": "text/html"})
    assert answer.body == get_graphql_ide_html(graphql_ide="pathfinder").encode()
