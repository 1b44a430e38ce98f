"""The section "AuthGraphQLProtocolTypeRouter" of the reference."""

from __future__ import annotations

import inspect
from typing import Any

import httpx
import pytest
import strawberry
from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from strawberry_django.routers import AuthGraphQLProtocolTypeRouter
from tests.guide.reference_claims import reference, variations
from tests.guide.reference_claims.asking import (
    over_http,
    over_websocket,
    refusal,
    statements,
    visitor,
)
from tests.guide.reference_claims.conftest import Start
from tests.guide.reference_claims.reference_project import OTHER_HOST, PASSWORD
from tests.guide.reference_claims.serving import Watch
from tools.harness import clients
from tools.harness.clients import WebSocketClient
from tools.harness.servers import SERVERS, Server

ADA = {"data": {"me": "Hello, ada!"}}
ANONYMOUS = {"data": {"me": "Hello, anonymous!"}}


@pytest.fixture(scope="module")
def schema() -> strawberry.Schema:
    @strawberry.type
    class Query:
        ping: str = "pong"

    return strawberry.Schema(query=Query)


def pages(server: Server, cookies: httpx.Cookies) -> dict[str, list[str]]:
    """Return the SQL of each page: none of the user, the user's, one that writes the session."""
    with visitor(server, cookies) as client:
        return {path: statements(server, client, path) for path in ("/plain/", "/", "/visits/")}


@pytest.fixture(scope="module")
def pages_of_django(plain: Server, ada: httpx.Cookies) -> dict[str, list[str]]:
    """The SQL of each page behind Django's own ASGI application."""
    return pages(plain, ada)


def saves(queries: list[str]) -> int:
    return sum(query.startswith('UPDATE "django_session"') for query in queries)


def test_it_is_a_convenience_class_for_http_and_websocket_with_authentication(
    server: Server, ada: httpx.Cookies
) -> None:
    assert issubclass(AuthGraphQLProtocolTypeRouter, ProtocolTypeRouter)
    for ask in (over_http, over_websocket):
        assert ask(server, "{ me }", ada) == ADA
        assert ask(server, "{ me }") == ANONYMOUS


def test_the_parameters_are_schema_django_application_and_url_pattern(
    schema: strawberry.Schema,
) -> None:
    names: dict[str, Any] = {"schema": schema, "django_asgi": get_asgi_application()}
    exec(reference.ROUTER, names)
    application = names["application"]
    assert application.schema is schema
    assert application.django_application is names["django_asgi"]
    assert application.url_pattern == "^graphql"
    parameters = inspect.signature(AuthGraphQLProtocolTypeRouter).parameters.values()
    assert [
        (each.name, each.default)
        for each in parameters
        if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ] == [
        ("schema", inspect.Parameter.empty),
        ("django_application", None),
        ("url_pattern", "^graphql"),
    ]


def test_django_application_is_optional(start: Start, watch: Watch) -> None:
    alone = watch.over(start("alone", variations.WITHOUT_DJANGO))
    assert over_http(alone, "{ me }") == over_websocket(alone, "{ me }") == ANONYMOUS
    with visitor(alone) as client:
        assert client.get("/").status_code == httpx.codes.NOT_FOUND


def test_django_application_serves_non_graphql_routes_with_no_query_of_ours(
    server: Server, pages_of_django: dict[str, list[str]], ada: httpx.Cookies
) -> None:
    behind_the_router = pages(server, ada)
    assert behind_the_router == pages_of_django
    assert behind_the_router["/plain/"] == []
    assert saves(behind_the_router["/visits/"]) == 1


@pytest.mark.parametrize("name", SERVERS)
def test_non_graphql_routes_save_the_session_once_with_session_save_every_request(
    name: str, with_options: dict[str, Server], ada: httpx.Cookies
) -> None:
    server = with_options[name]
    assert [saves(queries) for queries in pages(server, ada).values()] == [1, 1, 1]
    with clients.login(server, "ada", PASSWORD) as client:
        assert [client.get("/visits/").text for _ in range(3)] == ["1", "2", "3"]
        assert log_out(client).status_code == httpx.codes.FOUND
        assert "Log in" in client.get("/").text


def log_out(client: httpx.Client) -> httpx.Response:
    page = client.get("/").text
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    return client.post("/accounts/logout/", data={"csrfmiddlewaretoken": token})


def test_url_pattern_is_optional_and_graphql_by_default(
    main: dict[str, Server], ada: httpx.Cookies
) -> None:
    server = main["uvicorn"]
    for path in ("/graphql", "/graphql/"):
        assert over_http(server, "{ me }", ada, path=path) == ADA
        assert over_websocket(server, "{ me }", ada, path=path) == ADA
    with visitor(server) as client:
        assert clients.graphql(client, "{ me }", path="/api/graphql").status_code == 404
    assert refusal(server, path="/api/graphql") == 404


def test_auth_middleware_stack_populates_request_user_for_authenticated_sessions(
    server: Server,
) -> None:
    with clients.login(server, "grace", PASSWORD) as grace:
        for ask in (over_http, over_websocket):
            assert ask(server, "{ me }", grace.cookies) == {"data": {"me": "Hello, grace!"}}
            assert ask(server, "{ hasAuthMiddleware }") == {"data": {"hasAuthMiddleware": True}}


def test_allowed_hosts_origin_validator_guards_websockets(server: Server) -> None:
    for allowed in (server.url, f"https://{OTHER_HOST}", f"http://{OTHER_HOST}:8080"):
        WebSocketClient.connect(server, origin=allowed).close()
    for refused in ("https://foreign.example", f"https://not-{OTHER_HOST}", "null", None):
        assert refusal(server, origin=refused) == 403
    assert refusal(server, origin="http://[") in {400, 403}  # Daphne itself refuses what is no URL.
    assert "'https://foreign.example' is not in ALLOWED_HOSTS" in server.log()


def test_http_and_websocket_are_both_routed_to_graphql(server: Server) -> None:
    for ask in (over_http, over_websocket):
        assert ask(server, "{ me }") == ANONYMOUS
    assert refusal(server, path="/elsewhere") in {403, 404}
    with visitor(server) as client:
        assert client.get("/elsewhere").status_code == httpx.codes.NOT_FOUND


def test_a_custom_url_pattern_routes_graphql_to_api_graphql_instead_of_graphql(
    start: Start, watch: Watch
) -> None:
    server = watch.over(start("custom_url_pattern", variations.CUSTOM_URL_PATTERN))
    for ask in (over_http, over_websocket):
        assert ask(server, "{ me }", path="/api/graphql") == ANONYMOUS
    with visitor(server) as client:
        assert clients.graphql(client, "{ me }").status_code == httpx.codes.NOT_FOUND
    assert refusal(server, path="/graphql") == 404
