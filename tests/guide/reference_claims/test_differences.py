"""The section "Difference from Strawberry's GraphQLProtocolTypeRouter", side by side."""

from __future__ import annotations

import inspect

import httpx
import pytest
from strawberry.channels import GraphQLProtocolTypeRouter

from strawberry_django.routers import AuthGraphQLProtocolTypeRouter
from tests.guide.reference_claims.asking import (
    connect_as,
    over_http,
    over_websocket,
    refusal,
    visitor,
)
from tests.guide.reference_claims.reference_project import OTHER_HOST, PASSWORD
from tools.harness import clients
from tools.harness.clients import WebSocketClient
from tools.harness.servers import Server

FOREIGN = "foreign.example"


def test_strawberry_core_provides_a_router_with_the_same_first_parameters() -> None:
    theirs = inspect.signature(GraphQLProtocolTypeRouter).parameters.values()
    ours = inspect.signature(AuthGraphQLProtocolTypeRouter).parameters.values()
    assert [(each.name, each.default) for each in theirs][:3] == [
        (each.name, each.default) for each in ours
    ][:3]
    assert not issubclass(AuthGraphQLProtocolTypeRouter, GraphQLProtocolTypeRouter)


def test_auth_middleware_no_and_yes(server: Server, stock: Server, ada: httpx.Cookies) -> None:
    for ask in (over_http, over_websocket):
        assert ask(stock, "{ hasAuthMiddleware }", ada) == {"data": {"hasAuthMiddleware": False}}
        assert ask(server, "{ hasAuthMiddleware }", ada) == {"data": {"hasAuthMiddleware": True}}


def test_host_validation_no_and_yes(server: Server, stock: Server) -> None:
    """Ours asks `ALLOWED_HOSTS`; theirs never does.

    What Strawberry itself has since begun to compare is `Origin` with `Host`. That refuses a page
    of a host in `ALLOWED_HOSTS` where it differs, and lets in a page of any name that has been
    pointed at the server, for then both are that name.
    """
    for router, status in ((stock, 200), (server, 400)):
        with visitor(router) as client:
            answer = clients.graphql(client, "{ __typename }", headers={"Host": FOREIGN})
            assert answer.status_code == status
    connect_as(FOREIGN, stock).close()
    with pytest.raises(Exception, match=r"HTTP 40[03]"):
        connect_as(FOREIGN, server)
    in_allowed_hosts = f"https://{OTHER_HOST}"
    assert refusal(stock, origin=in_allowed_hosts) == 403
    WebSocketClient.connect(server, origin=in_allowed_hosts).close()
    for router in (stock, server):
        assert refusal(router, origin=f"https://{FOREIGN}") == 403


def test_request_user_available_no_and_yes(
    server: Server, stock: Server, ada: httpx.Cookies
) -> None:
    for ask in (over_http, over_websocket):
        (error,) = ask(stock, "{ me }", ada)["errors"]
        assert error["message"] == "'dict' object has no attribute 'request'"
        assert ask(server, "{ me }", ada) == {"data": {"me": "Hello, ada!"}}


def test_user_authentication_in_resolvers(server: Server, ada: httpx.Cookies) -> None:
    for ask in (over_http, over_websocket):
        assert ask(server, "{ me myGroups }", ada) == {
            "data": {"me": "Hello, ada!", "myGroups": ["writers"]}
        }


def test_permission_checks(server: Server, ada: httpx.Cookies) -> None:
    for ask in (over_http, over_websocket):
        assert ask(server, "{ secret }", ada) == {"data": {"secret": "for users only"}}
        answer = ask(server, "{ secret }")
        assert answer["data"] is None
        assert answer["errors"][0]["message"] == "User is not authenticated."


def test_session_based_authentication(server: Server) -> None:
    with clients.login(server, "grace", PASSWORD) as grace:
        assert grace.get("/visits/").text == "1"
        for ask in (over_http, over_websocket):
            assert ask(server, "{ me visits }", grace.cookies) == {
                "data": {"me": "Hello, grace!", "visits": 1}
            }
        page = grace.get("/").text
        token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        before = httpx.Cookies(grace.cookies)
        grace.post("/accounts/logout/", data={"csrfmiddlewaretoken": token})
        for cookies in (before, grace.cookies):
            for ask in (over_http, over_websocket):
                assert ask(server, "{ me visits }", cookies) == {
                    "data": {"me": "Hello, anonymous!", "visits": 0}
                }
