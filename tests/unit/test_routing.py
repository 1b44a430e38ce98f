"""The router: GraphQL at one URL, Django everywhere else."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import re_path

from strawberry_django.realtime.http.consumer import GraphQLHTTPConsumer
from strawberry_django.realtime.routing import AuthGraphQLProtocolTypeRouter
from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer
from tests.schema import probe, schema
from tests.support import Exchange, ask, ended, http_scope, queries, request
from tests.support_websocket import Socket, connect, refused, websocket_scope
from tools.harness.projects import Project

django_application = get_asgi_application()
application = AuthGraphQLProtocolTypeRouter(schema, django_application)

TOO_EARLY = """
import strawberry
from strawberry_django.routers import AuthGraphQLProtocolTypeRouter


@strawberry.type
class Query:
    ping: str = "pong"


application = AuthGraphQLProtocolTypeRouter(strawberry.Schema(Query){options})
"""


@pytest.mark.parametrize("chosen", [True, False])
def test_the_project_may_say_who_provides_the_user(chosen: bool, settings: Any) -> None:
    settings.STRAWBERRY_DJANGO_REALTIME = {"SESSION_AUTH": chosen}
    assert AuthGraphQLProtocolTypeRouter(schema).options["session_auth"] is chosen
    told = AuthGraphQLProtocolTypeRouter(schema, session_auth=not chosen)
    assert told.options["session_auth"] is not chosen


@pytest.mark.parametrize("options", ["", ", django_middleware=True"])
def test_before_django_is_set_up_it_says_what_to_do(project: Project, options: str) -> None:
    (project.path / "early.py").write_text(TOO_EARLY.format(options=options), encoding="utf-8")
    env = {"DJANGO_SETTINGS_MODULE": project.settings_module}
    said = project.python("-c", "import early", env=env).stderr.splitlines()[-1]
    assert said.startswith("django.core.exceptions.ImproperlyConfigured: GraphQL is routed before")
    assert "call get_asgi_application() first" in said


async def test_graphql_and_django_side_by_side() -> None:
    assert await ask(application, "{ hello }") == {"data": {"hello": "Hello, stranger!"}}
    page = await request(application, "GET", "/")
    assert (page.status, page.body) == (200, b"a page")
    async with connect(application) as socket:
        result = await socket.result("1", "{ hello }")
    assert result == {"data": {"hello": "Hello, stranger!"}}


async def test_a_page_of_django_is_passed_on_as_it_came(ada_client: Client) -> None:
    scopes = []

    async def page(scope: Any, receive: Any, send: Any) -> None:
        scopes.append((scope, receive, send))
        await django_application(scope, receive, send)

    scope = http_scope("GET", "/", client=ada_client)
    expected = dict(scope)
    exchange = Exchange(AuthGraphQLProtocolTypeRouter(schema, page), scope)
    await exchange.send(b"")
    with queries() as asked:
        assert (await exchange.answer()).body == b"a page"
    assert scopes[0][0] is scope
    assert scope == expected
    assert asked == []


async def test_without_a_django_application_other_paths_are_404() -> None:
    alone = AuthGraphQLProtocolTypeRouter(schema)
    assert alone.django_application is None
    exchange = Exchange(alone, http_scope("POST", "/other"))
    await exchange.send(*[b"part of a body"] * 10)
    answer = await exchange.answer()
    assert (answer.status, answer.body) == (404, b"Not Found")
    assert exchange.communicator.input_queue.empty()  # Its client has said all, and reads that.
    assert (await ask(alone, "{ hello }"))["data"]


PATTERNS = [
    ("^graphql", "/graphql", True),
    ("^graphql", "/graphql/", True),
    ("^graphql", "/graphql/v2", True),
    ("^graphql", "/graphqlx", True),
    ("^graphql", "//graphql", True),
    ("^graphql", "/api/graphql", False),
    ("^graphql", "/", False),
    ("^graphql", "", False),
    ("^graphql", "/GraphQL", False),
    ("^graphql/?$", "/graphql", True),
    ("^graphql/?$", "/graphql/", True),
    ("^graphql/?$", "/graphql/v2", False),
    ("^api/graphql$", "/api/graphql", True),
    ("^api/graphql$", "/graphql", False),
    (r"^(?P<tenant>\w+)/graphql$", "/acme/graphql", True),
    ("graphql$", "/api/graphql", True),
    ("^grüße$", "/grüße", True),
]


@pytest.mark.parametrize(("pattern", "path", "matches"), PATTERNS)
async def test_the_url_pattern_over_both(pattern: str, path: str, matches: bool) -> None:
    router = AuthGraphQLProtocolTypeRouter(schema, url_pattern=pattern)
    answer = await request(router, "OPTIONS", path)
    assert answer.status == (204 if matches else 404)
    if matches:
        async with connect(router, path) as socket:
            assert (await socket.result("1", "{ hello }"))["data"]
    else:
        assert await refused(router, path) == 404


async def url_route(router: AuthGraphQLProtocolTypeRouter, path: str) -> list[Any]:
    def route(info: Any) -> Any:
        return info.context.request.scope["url_route"]

    query = f'{{ probe(name: "{probe(route)}") }}'
    over_http = await ask(router, query, path=path)
    async with connect(router, path) as socket:
        over_websocket = await socket.result("1", query)
    return [over_http["data"]["probe"], over_websocket["data"]["probe"]]


@pytest.mark.parametrize(
    ("pattern", "route"),
    [
        (r"^(?P<tenant>\w+)/graphql", {"args": [], "kwargs": {"tenant": "acme"}}),
        (r"^(\w+)/(graphql)", {"args": ["acme", "graphql"], "kwargs": {}}),
        (r"^acme/graphql(?P<version>/v\d)?", {"args": [], "kwargs": {}}),
        ("^acme/graphql", {"args": [], "kwargs": {}}),
    ],
)
async def test_the_groups_of_the_pattern_reach_the_resolver(pattern: str, route: Any) -> None:
    router = AuthGraphQLProtocolTypeRouter(schema, url_pattern=pattern)
    assert await url_route(router, "/acme/graphql") == [route, route]


@pytest.mark.parametrize("path", ["/mount/graphql", "/graphql"])
async def test_the_path_is_read_from_where_the_server_has_mounted_us(path: str) -> None:
    answer = await request(application, "OPTIONS", path, root_path="/mount")
    assert answer.status == 204
    async with connect(application, path, root_path="/mount") as socket:
        assert (await socket.result("1", "{ hello }"))["data"]


@pytest.mark.parametrize("path", ["/mount/other", "/mounted/graphql"])
async def test_another_path_below_the_mount_is_not_graphql(path: str) -> None:
    router = AuthGraphQLProtocolTypeRouter(schema)
    assert (await request(router, "OPTIONS", path, root_path="/mount")).status == 404
    assert await refused(router, path, root_path="/mount") == 404


async def test_an_unknown_websocket_path_is_refused_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await refused(application, "/other") == 404
    socket = Socket(application, websocket_scope("/other"))
    assert await socket.handshake() == {"type": "websocket.close", "code": 1000}
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.WARNING, "WebSocket /other refused (404): There is no GraphQL at this path.")
    ] * 2


async def test_the_server_is_told_that_we_have_started_and_stopped() -> None:
    exchange = Exchange(application, {"type": "lifespan", "asgi": {"version": "3.0"}})
    for phase in ("startup", "shutdown"):
        await exchange.communicator.send_input({"type": f"lifespan.{phase}"})
        message = await exchange.communicator.receive_output(1)
        assert message == {"type": f"lifespan.{phase}.complete"}
    await ended(exchange.communicator)


class HTTPConsumer(GraphQLHTTPConsumer):
    async def get_root_value(self, request: Any) -> Any:
        return "over http"


class WSConsumer(GraphQLWSConsumer):
    async def get_root_value(self, request: Any) -> Any:
        return "over websocket"


async def test_the_consumer_classes_can_be_given() -> None:
    router = AuthGraphQLProtocolTypeRouter(
        schema, http_consumer_class=HTTPConsumer, websocket_consumer_class=WSConsumer
    )
    assert await ask(router, "{ root }") == {"data": {"root": "'over http'"}}
    async with connect(router) as socket:
        assert await socket.result("1", "{ root }") == {"data": {"root": "'over websocket'"}}


@pytest.mark.parametrize(
    ("name", "given", "needed"),
    [
        ("http_consumer_class", WSConsumer, "GraphQLHTTPConsumer"),
        ("websocket_consumer_class", HTTPConsumer, "GraphQLWSConsumer"),
        ("http_consumer_class", dict, "GraphQLHTTPConsumer"),
    ],
)
def test_a_consumer_class_that_is_none_of_ours_is_an_error(
    name: str, given: Any, needed: str
) -> None:
    options: Any = {name: given}
    expected = rf"{given.__name__} must be a subclass of strawberry_django\.realtime\.{needed}$"
    with pytest.raises(TypeError, match=expected):
        AuthGraphQLProtocolTypeRouter(schema, **options)


async def test_the_options_reach_both_consumers() -> None:
    router = AuthGraphQLProtocolTypeRouter(
        schema,
        allow_queries_via_get=False,
        subscription_protocols=["graphql-ws"],
        session_auth=False,
    )
    assert router.options["session_auth"] is False
    answer = await request(router, "GET", "/graphql?query={hello}")
    assert answer.status == 405
    async with connect(router, subprotocols=["graphql-ws"]) as socket:
        await socket.start("1", '{ echo(text: "hi") }')
        assert (await socket.receive())["payload"] == {"data": {"echo": "hi"}}
        assert (await socket.receive())["type"] == "complete"


def test_a_pattern_that_is_no_regular_expression_is_bad_configuration_at_once() -> None:
    with pytest.raises(ImproperlyConfigured, match="is not a valid regular expression"):
        AuthGraphQLProtocolTypeRouter(schema, url_pattern="^(graphql")


async def test_the_setting_is_read_by_the_router(settings: Any) -> None:
    settings.STRAWBERRY_DJANGO_REALTIME = {"ALLOW_MISSING_ORIGIN": True}
    router = AuthGraphQLProtocolTypeRouter(schema)
    assert router.options["allow_missing_origin"] is True
    assert router.options["session_auth"] is True
    async with connect(router, origin=None) as socket:
        assert (await socket.result("1", "{ hello }"))["data"]


async def test_custom_routing_with_channels_own_routers() -> None:
    custom = ProtocolTypeRouter(
        {
            "http": URLRouter(
                [
                    re_path(
                        "^api/(?P<room>[a-z]+)$",
                        GraphQLHTTPConsumer.as_asgi(schema=schema, session_auth=True),
                    ),
                    re_path("", django_application),
                ]
            ),
            "websocket": URLRouter(
                [
                    re_path(
                        "^ws/(?P<room>[a-z]+)$",
                        GraphQLWSConsumer.as_asgi(schema=schema, session_auth=True),
                    )
                ]
            ),
        }
    )
    assert (await ask(custom, "{ hello }", path="/api/lobby"))["data"]
    assert (await request(custom, "GET", "/")).body == b"a page"

    def room(info: Any) -> Any:
        return info.context.request.scope["url_route"]["kwargs"]["room"]

    async with connect(custom, "/ws/lobby") as socket:
        result = await socket.result("1", f'{{ hello probe(name: "{probe(room)}") }}')
    assert result == {"data": {"hello": "Hello, stranger!", "probe": "lobby"}}
