"""The section "Troubleshooting" of the reference.

Of each line: the wrong setup has the symptom, `manage.py check` names it, and the fix mends it.
"""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Browser

from tests.guide.reference_claims import variations
from tests.guide.reference_claims.asking import (
    heard,
    listening,
    over_http,
    over_websocket,
    refusal,
    say,
)
from tests.guide.reference_claims.checked_setups import (
    NO_ASGI_APPLICATION,
    NO_DAPHNE,
    Checks,
)
from tests.guide.reference_claims.conftest import Start
from tests.guide.reference_claims.reference_project import OTHER_HOST, with_asgi, with_settings
from tools.harness.clients import WebSocketClient
from tools.harness.processes import ProcessError
from tools.harness.projects import Project
from tools.harness.servers import Server, serve

ADA = {"data": {"me": "Hello, ada!"}}
ANONYMOUS = {"data": {"me": "Hello, anonymous!"}}

CONNECT = """url => new Promise(resolve => {
  const socket = new WebSocket(url, "graphql-transport-ws");
  socket.onopen = () => resolve("open");
  socket.onerror = () => resolve("error");
})"""
FETCH = """url => fetch(url, {
  method: "POST",
  headers: {"Content-Type": "application/json"},
  body: JSON.stringify({query: "{ __typename }"}),
}).then(() => "answered", () => "blocked")"""


def subscribes(server: Server) -> bool:
    with listening(server) as websocket:
        say(server, "hello")
        return bool(heard(websocket) == "hello")


def test_subscriptions_need_a_correct_asgi_application(
    home: Project, checks: Checks, plain: Server, development: Server
) -> None:
    env = with_settings(home, "unset", NO_ASGI_APPLICATION)
    refused = pytest.raises(ProcessError, match="You have not set ASGI_APPLICATION")
    with refused, serve(home, "runserver", env=env):
        pass
    assert "strawberry_django_realtime.E001" in checks.of("no_application_and_no_hosts")
    assert refusal(plain) == 500
    assert "strawberry_django_realtime.E003" in checks.of("asgi_plain")
    assert subscribes(development)


def test_subscriptions_need_the_schema_imported_after_get_asgi_application(
    home: Project, checks: Checks
) -> None:
    application = with_asgi(home, "schema_first", variations.SCHEMA_FIRST)
    refused = pytest.raises(ProcessError, match="AppRegistryNotReady")
    with refused, serve(home, application=application):
        pass
    assert "strawberry_django_realtime.E004" in checks.of("asgi_schema_first")
    application = with_asgi(home, "schema_after", variations.SCHEMA_AFTER)
    with serve(home, application=application) as server:
        assert over_websocket(server, "{ users }") == {"data": {"users": 2}}


def test_subscriptions_need_an_asgi_server_which_runserver_without_daphne_is_not(
    home: Project, development: Server
) -> None:
    env = with_settings(home, "no_daphne", NO_DAPHNE)
    with serve(home, "runserver", env=env) as wsgi:
        assert re.search("Starting (WSGI )?development server", wsgi.log())
        assert refusal(wsgi) == httpx.codes.NOT_FOUND
        assert "strawberry_django_realtime.W001" in wsgi.log()
    assert "Starting ASGI/Daphne" in development.log()
    assert subscribes(development)


def test_the_user_needs_our_router_not_graphql_protocol_type_router(
    checks: Checks, stock: Server, development: Server, ada: httpx.Cookies
) -> None:
    for ask in (over_http, over_websocket):
        assert "errors" in ask(stock, "{ me }", ada)
        assert ask(development, "{ me }", ada) == ADA
    assert "strawberry_django_realtime.W003" in checks.of("asgi_stock")


def test_the_user_needs_auth_middleware_stack_in_the_routing(
    checks: Checks, start: Start, custom: Server, ada: httpx.Cookies
) -> None:
    without = start("no_auth", variations.CUSTOM_ROUTING_WITHOUT_AUTH)
    for ask in (over_http, over_websocket):
        (error,) = ask(without, "{ me }", ada)["errors"]
        assert "wrap the consumer in channels.auth.AuthMiddlewareStack" in error["message"]
        assert ask(custom, "{ me }", ada) == ADA
    assert "strawberry_django_realtime.W003" in checks.of("asgi_no_auth")


def test_the_user_needs_session_cookies_sent_with_websocket_requests(
    server: Server, checks: Checks, ada: httpx.Cookies
) -> None:
    assert over_websocket(server, "{ me }") == ANONYMOUS
    other = httpx.Cookies({"csrftoken": ada["csrftoken"]})
    assert over_websocket(server, "{ me }", other) == ANONYMOUS
    assert "strawberry_django_realtime.W008" in checks.of("no_cookie_and_no_match")
    assert over_websocket(server, "{ me }", ada) == ADA


def test_a_refused_websocket_may_need_its_hostname_in_allowed_hosts(
    server: Server, checks: Checks, development: Server
) -> None:
    origin = f"https://{OTHER_HOST}"
    assert refusal(development, origin=origin) == 403
    assert f"The origin {origin!r} is not in ALLOWED_HOSTS" in development.log()
    assert "strawberry_django_realtime.E009" in checks.of("no_application_and_no_hosts")
    assert "strawberry_django_realtime.W012" in checks.of("no_cookie_and_no_match")
    WebSocketClient.connect(server, origin=origin).close()


def test_a_refused_websocket_may_need_the_url_of_the_pattern(
    server: Server, checks: Checks
) -> None:
    assert refusal(server, path="/ws/graphql") in {403, 404}
    assert "/ws/graphql refused (404): There is no GraphQL at this path." in server.log()
    assert "strawberry_django_realtime.W006" in checks.of("no_cookie_and_no_match")
    WebSocketClient.connect(server, path="/graphql").close()


def test_a_refused_websocket_is_a_security_error_in_the_browser_console(
    server: Server, chromium: Browser
) -> None:
    graphql, websocket = f"{server.url}/graphql", f"{server.ws_url}/graphql"
    with chromium.new_page() as page:
        console: list[str] = []
        page.on("console", lambda message: console.append(message.text))
        page.goto("data:text/html,a page of another site")
        assert page.evaluate(CONNECT, websocket) == "error"
        assert page.evaluate(FETCH, graphql) == "blocked"
        assert f"WebSocket connection to '{websocket}' failed" in "\n".join(console)
        assert "has been blocked by CORS policy" in "\n".join(console)
        console.clear()
        page.goto(f"{server.url}/plain/")
        assert page.evaluate(CONNECT, websocket) == "open"
        assert page.evaluate(FETCH, graphql) == "answered"
        assert "WebSocket" not in "\n".join(console)
        assert "CORS" not in "\n".join(console)
