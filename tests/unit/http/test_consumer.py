"""A request's way through Django to the schema, and back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from typing import Any

import pytest
from channels.auth import AuthMiddlewareStack
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import Client
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.ides import get_graphql_ide_html

from strawberry_django.realtime.context import GraphQLContext
from strawberry_django.realtime.exceptions import AuthNotConfiguredError
from strawberry_django.realtime.http.consumer import GraphQLHTTPConsumer
from strawberry_django.realtime.request import GraphQLRequest
from tests.schema import probe, schema, signals
from tests.support import Answer, ask, in_database, post, queries, request, stream, until

application = GraphQLHTTPConsumer.as_asgi(schema=schema, session_auth=True)
explorer = GraphQLHTTPConsumer.as_asgi(schema=schema, session_auth=True, graphql_ide="graphiql")
HELLO = {"query": "{ hello }"}
GET_HELLO = "/graphql?query={hello}"
SSE = "text/event-stream"
MULTIPART = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"
LISTEN = 'subscription { listen(groups: ["a"], name: "%s") }'


def consumer(**options: Any) -> Any:
    return GraphQLHTTPConsumer.as_asgi(schema=schema, **options)


def query(name: str, field: str = "probe") -> str:
    return f'{{ {field}(name: "{name}") }}'


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert all(record.exc_info is None for record in caplog.records)
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


# What a resolver finds.


async def test_the_context_and_its_request() -> None:
    def look(info: Any) -> list[bool]:
        context = info.context
        return [
            isinstance(context, GraphQLContext),
            type(context.request) is GraphQLRequest,
            isinstance(context.request, HttpRequest),
            context["request"] is context.request is context.get("request"),
            isinstance(context.response, HttpResponse),
            context["ws"] is None,
            context["connection_params"] is None,
            isinstance(context.consumer, GraphQLHTTPConsumer),
            context.request.consumer is context.consumer,
            context.consumer.request is context.request,
            context.request.scope is context.consumer.scope,
            context.request.scope["type"] == "http",
        ]

    answer = await ask(application, query(probe(look)))
    assert answer == {"data": {"probe": [True] * 12}}


async def test_the_context_is_fresh_for_each_request() -> None:
    for _ in range(2):
        assert await ask(application, "{ a: calls b: calls }") == {"data": {"a": 1, "b": 2}}


async def test_each_operation_of_a_batch_has_a_context_of_its_own() -> None:
    answer = await post(application, [{"query": "{ a: calls b: calls }"}] * 3)
    assert answer.json() == [{"data": {"a": 1, "b": 2}}] * 3


async def test_the_user_is_safe_in_synchronous_and_asynchronous_resolvers(
    ada_client: Client,
) -> None:
    everywhere = "{ hello helloAsync currentUser { username } secret }"
    answer = await ask(application, everywhere, client=ada_client)
    assert answer == {
        "data": {
            "hello": "Hello, ada!",
            "helloAsync": "Hello, ada!",
            "currentUser": {"username": "ada"},
            "secret": "for those who are logged in",
        }
    }


async def test_a_stranger_has_no_current_user_and_no_secret() -> None:
    answer = await ask(application, "{ currentUser { username } }")
    assert answer["errors"][0]["message"] == "User is not logged in."
    answer = await ask(application, "{ secret }")
    assert answer["errors"][0]["message"] == "User is not authenticated."


async def test_scope_has_the_user_and_the_session_as_channels_has_them(ada_client: Client) -> None:
    def look(info: Any) -> list[bool]:
        request = info.context.request
        scope = request.scope
        return [scope["user"] is request.user, scope["session"] is request.session]

    answer = await ask(application, query(probe(look)), client=ada_client)
    assert answer == {"data": {"probe": [True, True]}}


async def test_what_a_resolver_sets_on_the_response_is_sent() -> None:
    answer = await post(application, {"query": "mutation { respond(status: 418) }"})
    assert answer.status == 418
    assert answer["x-answer"] == "42"
    assert answer.cookies["flavour"].value == "vanilla"
    assert answer.json() == {"data": {"respond": True}}


class Custom(GraphQLHTTPConsumer):
    async def get_context(self, request: Any, response: Any) -> Any:
        return {"request": request, "response": response, "loader": "a loader"}

    async def get_root_value(self, request: Any) -> Any:
        return request.path


async def test_a_consumer_may_give_a_plain_dict_and_a_root_value() -> None:
    def loader(info: Any) -> Any:
        return [info.context.loader, info.context["loader"], type(info.context).__name__]

    custom = Custom.as_asgi(schema=schema, session_auth=True)
    text = f'{{ root hello probe(name: "{probe(loader)}") }}'
    expected = {
        "root": "'/graphql'",
        "hello": "Hello, stranger!",
        "probe": ["a loader", "a loader", "GraphQLContext"],
    }
    assert await ask(custom, text) == {"data": expected}
    answer = await post(custom, [{"query": text}])
    assert answer.json() == [{"data": expected}]


# Who may enter.


async def test_a_host_that_is_not_allowed_is_400(caplog: pytest.LogCaptureFixture) -> None:
    answer = await post(application, HELLO, headers={"host": "evil.example"})
    assert answer.status == 400
    assert answer.message.startswith("Invalid HTTP_HOST header: 'evil.example'.")
    assert len(warnings_in(caplog)) == 1


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"origin": "http://testserver"}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"referer": "http://evil.example/"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({}, True),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("with_session", [True, False])
async def test_a_session_is_not_lent_to_another_site(
    with_session: bool,
    method: str,
    headers: dict[str, str],
    allowed: bool,
    ada_client: Client,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = ada_client if with_session else None
    if method == "GET":
        answer = await request(application, "GET", GET_HELLO, headers=headers, client=client)
    else:
        answer = await post(application, HELLO, headers=headers, client=client)
    if allowed or not with_session:
        name = "ada" if with_session else "stranger"
        assert answer.json() == {"data": {"hello": f"Hello, {name}!"}}
    else:
        assert answer.status == 403
        assert answer.message.startswith("This request comes from another site")
        assert len(warnings_in(caplog)) == 1


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


async def test_http_is_sent_to_https_where_the_project_says_so(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = await post(application, HELLO)
    assert (answer.status, answer["location"]) == (301, "https://testserver/graphql")
    assert (await post(application, HELLO, scheme="https")).status == 200


async def test_a_body_that_is_too_long_is_413(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert (await post(application, {"query": "#" * 2000})).status == 413


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=é"])
async def test_what_django_cannot_read_is_400(content_type: str) -> None:
    headers = {"content-type": content_type, "content-length": "1"}
    uploads = consumer(multipart_uploads_enabled=True)
    answer = await request(uploads, body=b"x", headers=headers)
    assert answer.status == 400
    assert answer.message.startswith("Invalid ")
    assert answer["x-content-type-options"] == "nosniff"


async def test_a_bad_cookie_header_is_a_strangers() -> None:
    answer = await post(application, HELLO, headers={"cookie": b"sessionid=\xff\x00; \xe9"})
    assert answer.status in {200, 400}


# Without a session of its own, and with the project's middleware.


async def test_a_bare_consumer_has_no_user_and_says_so(ada_client: Client) -> None:
    answer = await ask(consumer(), "{ hello }", client=ada_client)
    assert answer["errors"][0]["message"] == str(AuthNotConfiguredError())


async def test_a_bare_consumer_serves_what_needs_no_user_without_a_query(
    ada_client: Client,
) -> None:
    with queries() as asked:
        answer = await ask(consumer(), '{ echo(text: "hi") }', client=ada_client)
    assert answer == {"data": {"echo": "hi"}}
    assert asked == []


async def test_inside_channels_auth_middleware_it_takes_its_user(ada_client: Client) -> None:
    stack = AuthMiddlewareStack(consumer())
    answer = await ask(stack, "{ hello currentUser { username } }", client=ada_client)
    assert answer == {"data": {"hello": "Hello, ada!", "currentUser": {"username": "ada"}}}
    await in_database(connections.close_all)


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


def events(chunks: str) -> list[Any]:
    return [
        json.loads(line.removeprefix("data: "))
        for line in chunks.splitlines()
        if line.startswith("data: {")
    ]


@pytest.mark.parametrize("accept", [SSE, MULTIPART])
async def test_a_subscription_over_a_stream(accept: str) -> None:
    async with stream(application, "subscription { count(to: 2) }", accept) as (answer, exchange):
        assert answer.status == 200
        assert answer["content-type"].startswith(accept.split(";")[0])
        await exchange.chunk_with('"count":1')
        await exchange.chunk_with('"count":2')
        while await exchange.chunk() is not None:
            pass


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


@pytest.mark.parametrize("accept", [SSE, MULTIPART])
async def test_the_user_of_a_stream(accept: str, ada_client: Client) -> None:
    text = "subscription { hello }"
    async with stream(application, text, accept, client=ada_client) as (_, exchange):
        await exchange.chunk_with("Hello, ada!")


async def test_a_subscription_that_fails_says_so_and_ends() -> None:
    text = "subscription { failAfter(count: 1) }"
    async with stream(application, text, SSE) as (_, exchange):
        assert events(await exchange.chunk_with('"failAfter":0')) == [{"data": {"failAfter": 0}}]
        (failed,) = events(await exchange.chunk_with("errors"))
        assert failed["errors"][0]["message"] == "This subscription always fails"
        await exchange.chunk_with("complete")


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


@pytest.mark.parametrize("path", ["/graphql", "/graphql?explorer-asset=icon.svg"])
async def test_without_an_explorer_there_is_no_page(path: str) -> None:
    answer = await request(application, "GET", path, headers={"accept": "text/html"})
    assert answer.status == 404


async def test_the_explorer_is_the_one_that_the_project_names() -> None:
    pathfinder = consumer(graphql_ide="pathfinder")
    answer = await request(pathfinder, "GET", "/graphql", headers={"accept": "text/html"})
    assert answer.body == get_graphql_ide_html(graphql_ide="pathfinder").encode()


async def test_the_explorer_inside_the_projects_middleware() -> None:
    inside = consumer(django_middleware=True, graphql_ide="graphiql")
    answer = await request(inside, "GET", "/graphql", headers={"accept": "text/html"})
    assert b"GraphQL explorer" in answer.body


def test_what_was_given_can_be_read_of_the_application() -> None:
    given: Any = consumer(session_auth=True)
    assert given.consumer_class is GraphQLHTTPConsumer
    assert given.consumer_initkwargs["schema"] is schema
    assert given.consumer_initkwargs["session_auth"] is True


def test_an_option_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(TypeError, match="Did you mean 'keep_alive'"):
        consumer(keepalive=True)
