"""The section "Options" of docs/integrations/channels.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from strawberry_django.realtime import conf
from tests.guide.support import read
from tools.harness import clients, projects, servers

PING = read("asgi_routing/requests/ping.graphql")

OPTIONS = """
import json
from myproject.asgi import application
from django.conf import settings
print(json.dumps([application.options, settings.STRAWBERRY_DJANGO_REALTIME], default=str))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    folder = tmp_path_factory.mktemp("options") / "myproject"
    return projects.build(folder, "settings", "asgi_routing", "router_options")


@pytest.fixture(scope="module")
def server(project: projects.Project) -> Iterator[servers.Server]:
    with servers.serve(project) as server:
        yield server


def test_a_keyword_wins_over_the_setting_and_that_over_the_default(
    project: projects.Project,
) -> None:
    options, settings = json.loads(project.python("-c", OPTIONS).stdout)
    assert settings["CONNECTION_INIT_WAIT_TIMEOUT"] == str(timedelta(seconds=30))
    assert options["connection_init_wait_timeout"] == str(timedelta(seconds=10))
    assert options["graphql_ide"] is None
    assert options["max_message_size"] == 64 * 1024
    assert options["max_subscriptions_per_connection"] == 20
    assert options["multipart_uploads_enabled"] is conf.DEFAULTS["multipart_uploads_enabled"]


def test_djangos_pages_are_there(server: servers.Server) -> None:
    assert httpx.get(server.url).status_code == httpx.codes.OK


def test_an_option_that_does_not_exist_is_an_error_that_knows_the_nearest() -> None:
    import strawberry

    from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

    @strawberry.type
    class Query:
        ping: str = "pong"

    with pytest.raises(TypeError, match="Did you mean 'graphql_ide'"):
        AuthGraphQLProtocolTypeRouter(strawberry.Schema(query=Query), graphiql_ide=None)  # type: ignore[call-arg]


def test_allow_queries_via_get(server: servers.Server) -> None:
    url = f"{server.url}/graphql"
    assert httpx.get(url, params={"query": PING}).status_code in {400, 405}
    assert clients.graphql(server, PING).json() == {"data": {"ping": "pong"}}


def test_no_explorer(server: servers.Server) -> None:
    answer = httpx.get(f"{server.url}/graphql", headers={"Accept": "text/html"})
    assert answer.status_code >= 400


def test_allowed_origins(server: servers.Server) -> None:
    clients.WebSocketClient.connect(server, origin="https://app.example.com").close()
    with pytest.raises(InvalidStatus):
        clients.WebSocketClient.connect(server, origin="https://other.example.com")


def test_max_message_size(server: servers.Server) -> None:
    with clients.WebSocketClient.connect(server) as socket:
        socket.send({"type": "connection_init", "payload": {"filling": "x" * 65 * 1024}})
        assert socket.wait_closed() == 1009
