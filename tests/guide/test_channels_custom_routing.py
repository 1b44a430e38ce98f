"""The section "Advanced: Custom Routing" of docs/integrations/channels.md."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.guide.support import ask_over_websocket, guide_project, login, read
from tools.harness import clients, projects, servers

ME = read("resolver_user/requests/me.graphql")
ADA = {"data": {"me": "Hello, ada!"}}
ANONYMOUS = {"data": {"me": "Hello, anonymous!"}}
SHOWN = "myproject.asgi:application"
SESSION_AUTH = "myproject.asgi_session_auth:application"

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
urlpatterns.append(path("plain/", lambda request: HttpResponse("plain")))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    project = guide_project(tmp_path_factory.mktemp("custom") / "myproject", "custom_routing")
    for name, text in (("settings.py", LOG_QUERIES), ("urls.py", PLAIN_PAGE)):
        with (project.path / "myproject" / name).open("a", encoding="utf-8") as file:
            file.write(text)
    return project


@pytest.fixture(scope="module", params=[SHOWN, SESSION_AUTH])
def server(request: pytest.FixtureRequest, project: projects.Project) -> Iterator[servers.Server]:
    with servers.serve(project, application=request.param) as server:
        yield server


def test_the_user_is_there_over_http_and_websocket(server: servers.Server) -> None:
    with login(server) as ada:
        assert clients.graphql(ada, ME).json() == ADA
        assert ask_over_websocket(server, ME, ada) == ADA
    assert clients.graphql(server, ME).json() == ANONYMOUS
    assert ask_over_websocket(server, ME) == ANONYMOUS


def test_django_serves_the_rest_and_no_session_is_opened_for_it(server: servers.Server) -> None:
    with login(server) as ada:
        before = server.log().count("SELECT")
        assert ada.get("/plain/").text == "plain"
        assert server.log().count("SELECT") == before
    assert "Log in" in httpx.get(f"{server.url}/").text


def test_the_path_must_match_to_its_end(server: servers.Server) -> None:
    assert clients.graphql(server, ME, path="/graphql").status_code == 200
    assert clients.graphql(server, ME, path="/graphql/").status_code == 404


def test_a_foreign_host_and_origin_are_refused(server: servers.Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        clients.WebSocketClient.connect(server, origin="https://foreign.example")
    assert refused.value.response.status_code == 403
    assert clients.graphql(server, ME, headers={"Host": "foreign.example"}).status_code == 400


def test_channels_url_router_raises_for_another_websocket_path(server: servers.Server) -> None:
    with pytest.raises(InvalidStatus):
        clients.WebSocketClient.connect(server, path="/elsewhere")
    server.process.wait_until(lambda: "No route found for path 'elsewhere'." in server.log())


def test_a_bare_consumer_names_the_ways_to_a_user(project: projects.Project) -> None:
    text = read("custom_routing/myproject/asgi_session_auth.py")
    bare = text.replace(", session_auth=True", "")
    assert bare != text
    (project.path / "myproject/asgi_bare.py").write_text(bare, encoding="utf-8")
    with servers.serve(project, application="myproject.asgi_bare:application") as server:
        assert clients.graphql(server, "{ __typename }").json() == {"data": {"__typename": "Query"}}
        (error,) = clients.graphql(server, ME).json()["errors"]
    for way in ("AuthGraphQLProtocolTypeRouter", "AuthMiddlewareStack", "session_auth=True"):
        assert way in error["message"]


def test_around_everything_each_page_loads_the_user(project: projects.Project) -> None:
    text = read("custom_routing/myproject/asgi.py")
    around = text.replace('"http": URLRouter(', '"http": AuthMiddlewareStack(URLRouter(')
    around = around.replace("            ]\n        ),", "            ]\n        )),", 1)
    assert around != text
    (project.path / "myproject/asgi_around.py").write_text(around, encoding="utf-8")
    with (
        servers.serve(project, application="myproject.asgi_around:application") as server,
        login(server) as ada,
    ):
        before = server.log().count('FROM "auth_user"')
        assert ada.get("/plain/").text == "plain"
        assert server.log().count('FROM "auth_user"') > before


def test_strawberrys_own_consumers_have_no_django_request(project: projects.Project) -> None:
    text = read("custom_routing/myproject/asgi.py")
    theirs = text.replace("strawberry_django.realtime import", "strawberry.channels import")
    assert theirs != text
    (project.path / "myproject/asgi_theirs.py").write_text(theirs, encoding="utf-8")
    with (
        servers.serve(project, application="myproject.asgi_theirs:application") as server,
        login(server) as ada,
    ):
        for answer in (clients.graphql(ada, ME).json(), ask_over_websocket(server, ME, ada)):
            (error,) = answer["errors"]
            assert error["message"] == "'dict' object has no attribute 'request'"


def test_the_checks_find_nothing(project: projects.Project) -> None:
    for application in ("asgi", "asgi_session_auth"):
        settings = project.path / f"myproject/settings_{application}.py"
        settings.write_text(
            "from myproject.settings import *\n"
            f'ASGI_APPLICATION = "myproject.{application}.application"\n',
            encoding="utf-8",
        )
        env = {"DJANGO_SETTINGS_MODULE": f"myproject.settings_{application}"}
        assert "no issues" in project.manage("check", env=env).stdout
