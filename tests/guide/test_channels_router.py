"""The sections on AuthGraphQLProtocolTypeRouter of docs/integrations/channels.md."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator

import httpx
import pytest
import strawberry
from strawberry.channels import GraphQLProtocolTypeRouter
from websockets.exceptions import InvalidStatus

from strawberry_django.routers import AuthGraphQLProtocolTypeRouter
from tests.guide.support import ask_over_websocket, guide_project, login, read
from tools.harness import clients, projects, servers

ME = read("resolver_user/requests/me.graphql")
PING = read("asgi_routing/requests/ping.graphql")
PONG = {"data": {"ping": "pong"}}

PEER_ASGI = """
import inspect
import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")
django_asgi_app = get_asgi_application()
from myproject.schema import schema
from strawberry.channels import GraphQLProtocolTypeRouter
takes = inspect.signature(GraphQLProtocolTypeRouter).parameters
origins = {"allowed_origins": ["https://foreign.example"]}  # before 0.331 it lets everybody in
application = GraphQLProtocolTypeRouter(
    schema,
    django_application=django_asgi_app,
    **(origins if "allowed_origins" in takes else {}),
)
"""

LOG_QUERIES = """
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django.db.backends": {"handlers": ["console"], "level": "DEBUG"}},
}
"""

PLAIN_PAGE = """
from django.http import HttpResponse
from django.urls import path
urlpatterns.append(path("plain/", lambda request: HttpResponse("plain")))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    """The guide's project, which logs its queries and has a page that needs no user."""
    project = guide_project(tmp_path_factory.mktemp("router") / "myproject")
    append(project, "settings.py", LOG_QUERIES)
    append(project, "urls.py", PLAIN_PAGE)
    (project.path / "myproject/asgi_peer.py").write_text(PEER_ASGI, encoding="utf-8")
    return project


def append(project: projects.Project, name: str, text: str) -> None:
    with (project.path / "myproject" / name).open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture(scope="module")
def server(project: projects.Project) -> Iterator[servers.Server]:
    with servers.serve(project) as server:
        yield server


@pytest.fixture(scope="module")
def peer(project: projects.Project) -> Iterator[servers.Server]:
    """The same project behind Strawberry's own router."""
    with servers.serve(project, application="myproject.asgi_peer:application") as server:
        yield server


@pytest.fixture(scope="module")
def schema() -> strawberry.Schema:
    @strawberry.type
    class Query:
        ping: str = "pong"

    return strawberry.Schema(query=Query)


def test_the_parameters_and_their_defaults_are_those_of_the_table() -> None:
    parameters = inspect.signature(AuthGraphQLProtocolTypeRouter).parameters
    positional = {
        name: parameter.default
        for name, parameter in parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    }
    empty = inspect.Parameter.empty
    assert list(positional.items()) == [
        ("schema", empty),
        ("django_application", None),
        ("url_pattern", "^graphql"),
    ]
    for name in ("http_consumer_class", "websocket_consumer_class"):
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY


def test_without_django_other_paths_are_404(project: projects.Project) -> None:
    asgi = read("asgi_routing/myproject/asgi.py")
    alone = asgi.replace("    django_application=django_asgi_app,\n", "")
    assert alone != asgi
    (project.path / "myproject/asgi_alone.py").write_text(alone, encoding="utf-8")
    with servers.serve(project, application="myproject.asgi_alone:application") as server:
        assert clients.graphql(server, ME).status_code == 200
        assert httpx.get(f"{server.url}/").status_code == 404


def test_a_page_that_is_not_graphql_costs_no_query(server: servers.Server) -> None:
    with login(server) as ada:
        before = server.log().count("SELECT")
        assert ada.get("/plain/").text == "plain"
        assert server.log().count("SELECT") == before
        clients.graphql(ada, ME)
        assert server.log().count("SELECT") > before


def test_the_user_is_loaded_once_for_a_socket(server: servers.Server) -> None:
    with login(server) as ada, clients.WebSocketClient.connect(server, cookies=ada) as socket:
        socket.init()
        users = server.log().count('FROM "auth_user"')
        for number in ("1", "2"):
            socket.subscribe(number, ME)
            assert socket.next_message()["payload"] == {"data": {"me": "Hello, ada!"}}
            socket.next_message()
        assert server.log().count('FROM "auth_user"') == users


def test_another_websocket_path_is_refused_without_a_traceback(server: servers.Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        clients.WebSocketClient.connect(server, path="/elsewhere")
    assert refused.value.response.status_code == 404
    assert "Traceback" not in server.log()


def test_the_custom_pattern_moves_graphql_on_both_protocols(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("pattern") / "myproject"
    project = projects.build(folder, "settings", "asgi_routing", "custom_url_pattern")
    with servers.serve(project) as server:
        assert clients.graphql(server, PING, path="/api/graphql").json() == PONG
        assert ask_over_websocket(server, PING, path="/api/graphql") == PONG
        assert clients.graphql(server, PING).status_code == 404
        assert httpx.get(server.url).status_code == 200
        with pytest.raises(InvalidStatus):
            clients.WebSocketClient.connect(server)
    assert json.dumps(PONG, indent=2) in read("custom_url_pattern/recorded/api_graphql.http")
    assert read("custom_url_pattern/recorded/graphql.http") == "HTTP/1.1 404 Not Found\n"


def test_the_default_pattern_is_open_at_its_end(server: servers.Server) -> None:
    for path in ("/graphql", "/graphql/", "/graphql-schema"):
        assert clients.graphql(server, ME, path=path).status_code == 200
        assert "data" in ask_over_websocket(server, ME, path=path)


def test_strawberrys_router_has_no_user_and_ours_has(
    server: servers.Server, peer: servers.Server
) -> None:
    with login(server) as ada:
        assert clients.graphql(ada, ME).json() == {"data": {"me": "Hello, ada!"}}
        assert ask_over_websocket(server, ME, ada) == {"data": {"me": "Hello, ada!"}}
    with login(peer) as ada:
        assert "errors" in clients.graphql(ada, ME).json()
        assert "errors" in ask_over_websocket(peer, ME, ada)


def test_strawberrys_router_does_not_ask_allowed_hosts_and_ours_does(
    server: servers.Server, peer: servers.Server
) -> None:
    foreign = {"Host": "foreign.example"}
    assert clients.graphql(peer, "{ __typename }", headers=foreign).status_code == 200
    assert clients.graphql(server, "{ __typename }", headers=foreign).status_code == 400
    origin = "https://foreign.example"
    clients.WebSocketClient.connect(peer, origin=origin).close()
    with pytest.raises(InvalidStatus) as refused:
        clients.WebSocketClient.connect(server, origin=origin)
    assert refused.value.response.status_code == 403


def test_both_are_protocol_type_routers_with_the_same_parameters(
    schema: strawberry.Schema,
) -> None:
    ours = AuthGraphQLProtocolTypeRouter(schema)
    theirs = GraphQLProtocolTypeRouter(schema)
    for router in (ours, theirs):
        assert {"http", "websocket"} <= set(router.application_mapping)
        parameters = inspect.signature(type(router)).parameters
        assert list(parameters)[:3] == ["schema", "django_application", "url_pattern"]
