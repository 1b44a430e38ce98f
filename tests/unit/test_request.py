"""The Django request that is built from an ASGI scope."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from strawberry_django.realtime.exceptions import AuthNotConfiguredError
from strawberry_django.realtime.request import GraphQLRequest
from tests.support import http_scope
from tests.support_websocket import websocket_scope


def test_it_is_djangos_own_request() -> None:
    scope = http_scope("POST", "/graphql?a=1", headers={"content-type": "application/json"})
    request = GraphQLRequest(scope, BytesIO(b"{}"))
    assert isinstance(request, ASGIRequest)
    assert isinstance(request, HttpRequest)
    assert request.scope is scope
    assert (request.method, request.path, request.GET["a"]) == ("POST", "/graphql", "1")
    assert (request.body, request.content_type) == (b"{}", "application/json")
    assert request.scheme == "http"


def test_a_handshake_is_a_get_request_that_keeps_its_own_scope() -> None:
    scope = websocket_scope("/graphql?room=a&room=b", headers={"cookie": "theme=dark"})
    request = GraphQLRequest.from_handshake(scope)
    assert (request.method, request.path, request.body) == ("GET", "/graphql", b"")
    assert request.GET.getlist("room") == ["a", "b"]
    assert request.COOKIES == {"theme": "dark"}
    assert request.get_host() == "testserver"
    assert request.headers["Origin"] == "http://testserver"
    assert request.scope is scope
    assert request.scope["type"] == "websocket"
    assert "method" not in scope


@pytest.mark.parametrize(("scheme", "http"), [("ws", "http"), ("wss", "https")])
def test_the_scheme_of_a_handshake_is_that_of_http(scheme: str, http: str) -> None:
    request = GraphQLRequest.from_handshake(websocket_scope(scheme=scheme))
    assert request.scheme == http
    assert request.is_secure() is (http == "https")
    assert request.build_absolute_uri() == f"{http}://testserver/graphql"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_scheme_of_a_request_stays(scheme: str) -> None:
    assert GraphQLRequest(http_scope(scheme=scheme), BytesIO()).scheme == scheme


def test_a_scope_may_have_no_scheme() -> None:
    scope = websocket_scope()
    del scope["scheme"]
    assert GraphQLRequest.from_handshake(scope).scheme == "http"


def test_bytes_beyond_ascii_in_a_header_are_latin1() -> None:
    request = GraphQLRequest.from_handshake(websocket_scope(headers={"x-name": b"\xe9\xff"}))
    assert request.headers["X-Name"] == "éÿ"


def test_a_query_string_that_is_not_utf8_is_an_error() -> None:
    with pytest.raises(UnicodeDecodeError):
        GraphQLRequest.from_handshake(websocket_scope("/graphql?a=\xff"))


def test_a_user_that_nothing_provides_is_an_error_that_names_the_fix() -> None:
    request = GraphQLRequest(http_scope(), BytesIO())
    with pytest.raises(AuthNotConfiguredError, match="Use AuthGraphQLProtocolTypeRouter"):
        _ = request.user


def test_another_attribute_is_missing_as_ever() -> None:
    request = GraphQLRequest(http_scope(), BytesIO())
    assert not hasattr(request, "session")
    assert getattr(request, "consumer", None) is None
    assert not hasattr(request, "visitor")
    with pytest.raises(AttributeError, match="'GraphQLRequest' object has no attribute 'nothing'"):
        _ = request.nothing
