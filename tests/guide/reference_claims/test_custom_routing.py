"""The section "Advanced: Custom Routing" of the reference.

Its text imports Strawberry's own consumers, with which its own claims on users are not true; with
our consumers in their place, which is all that changes, they are.
"""

from __future__ import annotations

import httpx

from tests.guide.reference_claims import reference
from tests.guide.reference_claims.asking import (
    over_http,
    over_websocket,
    refusal,
    statements,
    visitor,
)
from tests.guide.reference_claims.checked_setups import Checks
from tests.guide.reference_claims.conftest import Start
from tests.guide.reference_claims.reference_project import OTHER_HOST
from tools.harness import clients
from tools.harness.clients import WebSocketClient
from tools.harness.servers import Server

ADA = {"data": {"me": "Hello, ada!"}}
ANONYMOUS = {"data": {"me": "Hello, anonymous!"}}


def test_custom_routing_can_be_created(custom: Server, checks: Checks, ada: httpx.Cookies) -> None:
    for ask in (over_http, over_websocket):
        assert ask(custom, "{ me }", ada) == ADA
        assert ask(custom, "{ me }") == ANONYMOUS
    with visitor(custom, ada) as client:
        assert client.get("/plain/").text == "plain"
    assert "System check identified no issues" in checks.of("asgi_custom")


def test_strawberrys_own_consumers_give_the_resolver_no_django_request(
    start: Start, checks: Checks, ada: httpx.Cookies
) -> None:
    server = start("custom_stock", reference.CUSTOM_ROUTING)
    for ask in (over_http, over_websocket):
        assert ask(server, "{ hasAuthMiddleware }", ada) == {"data": {"hasAuthMiddleware": True}}
        (error,) = ask(server, "{ me }", ada)["errors"]
        assert error["message"] == "'dict' object has no attribute 'request'"
    assert refusal(server, origin=f"https://{OTHER_HOST}") == 403
    with visitor(server, ada) as client:
        assert client.get("/plain/").text == "plain"
        foreign = {"Host": "foreign.example"}
        assert clients.graphql(client, "{ __typename }", headers=foreign).status_code == 200
    assert "strawberry_django_realtime.W005" in checks.of("asgi_custom_stock")
    assert refusal(server, path="/elsewhere") == 500
    assert "ValueError: No route found for path 'elsewhere'." in server.log()


def test_auth_middleware_stack_around_everything_costs_queries_on_every_page(
    custom: Server, plain: Server, ada: httpx.Cookies
) -> None:
    with visitor(plain, ada) as client:
        assert statements(plain, client, "/plain/") == []
    with visitor(custom, ada) as client:
        session, user = statements(custom, client, "/plain/")
        assert 'FROM "django_session"' in session
        assert 'FROM "auth_user"' in user


def test_the_patterns_match_graphql_and_nothing_longer(custom: Server) -> None:
    with visitor(custom) as client:
        assert clients.graphql(client, "{ me }").json() == ANONYMOUS
        assert client.get("/graphql/").status_code == httpx.codes.NOT_FOUND
        assert client.get("/graphql-schema").status_code == httpx.codes.NOT_FOUND


def test_allowed_hosts_origin_validator_is_around_the_websocket(custom: Server) -> None:
    WebSocketClient.connect(custom, origin=f"https://{OTHER_HOST}").close()
    assert refusal(custom, origin="https://foreign.example") == 403
