"""The title and the section "Overview" of the reference."""

from __future__ import annotations

import httpx

from tests.guide.reference_claims.asking import (
    answers,
    heard,
    listening,
    over_http,
    over_multipart,
    refusal,
    say,
    visitor,
)
from tests.guide.reference_claims.reference_project import PASSWORD
from tools.harness import clients
from tools.harness.clients import WebSocketClient
from tools.harness.servers import Server

COUNT = "subscription { count(to: 3) }"
COUNTED = [{"data": {"count": number}} for number in (1, 2, 3)]


def test_the_integration_with_django_channels_enables_subscriptions(server: Server) -> None:
    with listening(server) as websocket:
        say(server, "hello")
        assert heard(websocket) == "hello"


def test_django_does_not_support_websockets_out_of_the_box(plain: Server) -> None:
    assert refusal(plain) == 500
    assert "Django can only handle ASGI/HTTP connections, not websocket." in plain.log()


def test_channels_extends_django_to_websockets_and_other_asynchronous_protocols(
    main: dict[str, Server], plain: Server
) -> None:
    uvicorn = main["uvicorn"]
    WebSocketClient.connect(uvicorn).close()
    unsupported = "ASGI 'lifespan' protocol appears unsupported."
    assert unsupported in plain.log()
    assert unsupported not in uvicorn.log()


def test_graphql_subscriptions_can_be_used(server: Server) -> None:
    with WebSocketClient.connect(server) as websocket:
        websocket.init()
        assert list(answers(websocket, COUNT)) == COUNTED
    with over_multipart(server, COUNT) as parts:
        assert list(parts) == COUNTED


def test_graphql_over_websocket_connections_is_handled(server: Server) -> None:
    with WebSocketClient.connect(server) as websocket:
        assert websocket.subprotocol == "graphql-transport-ws"
        websocket.init()
        assert list(answers(websocket, "{ visits }", "1")) == [{"data": {"visits": 0}}]
        said = [{"data": {"say": "hi"}}]
        assert list(answers(websocket, 'mutation { say(text: "hi") }', "2")) == said
        assert list(answers(websocket, COUNT, "3")) == COUNTED


def test_regular_django_http_requests_mix_with_graphql(server: Server) -> None:
    with visitor(server) as client:
        assert "Log in" in client.get("/").text
        assert client.get("/admin/").status_code == httpx.codes.FOUND
    with clients.login(server, "ada", PASSWORD) as client:
        assert "You are logged in as ada." in client.get("/").text
        assert clients.graphql(client, "{ me }").json() == {"data": {"me": "Hello, ada!"}}
    assert over_http(server, 'mutation { say(text: "hi") }') == {"data": {"say": "hi"}}
