"""The section "Accessing User in Resolvers" of docs/integrations/channels.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import strawberry
import strawberry.types

from tests.guide.support import (
    PASSWORD,
    USER,
    ask_over_websocket,
    guide_project,
    login,
    read,
    run_script,
)
from tools.harness import clients, projects, servers

ME = read("resolver_user/requests/me.graphql")
MY_GROUPS = read("resolver_user/requests/my_groups.graphql")
ADA = {"data": {"me": "Hello, ada!"}}
ANONYMOUS = {"data": {"me": "Hello, anonymous!"}}

ADD_GROUPS = """
from django.contrib.auth.models import Group, User
ada = User.objects.get(username="ada")
ada.groups.add(*(Group.objects.create(name=name) for name in ("writers", "readers")))
"""

COUNTING = """
import strawberry
import strawberry_django
from django.contrib.auth.models import User


@strawberry.type
class Query:
    @strawberry.field
    def plain(self) -> int:
        return User.objects.count()

    @strawberry.field
    async def asynchronous(self) -> int:
        return await User.objects.acount()

    @strawberry_django.field
    def ours(self) -> int:
        return User.objects.count()


schema = strawberry.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    """The project of this section, with the user that its shell snippet makes."""
    project = guide_project(tmp_path_factory.mktemp("user") / "myproject")
    project.manage("shell", "-c", ADD_GROUPS)
    return project


@pytest.fixture(scope="module", params=servers.SERVERS)
def server(request: pytest.FixtureRequest, project: projects.Project) -> Iterator[servers.Server]:
    """That project on each server."""
    with servers.serve(project, request.param) as server:
        yield server


def test_a_sync_resolver_has_the_user_over_http_and_websocket(server: servers.Server) -> None:
    with login(server) as ada:
        assert clients.graphql(ada, ME).json() == ADA
        assert ask_over_websocket(server, ME, ada) == ADA


def test_without_a_session_the_user_is_anonymous(server: servers.Server) -> None:
    assert clients.graphql(server, ME).json() == ANONYMOUS
    assert ask_over_websocket(server, ME) == ANONYMOUS


def test_an_async_resolver_may_query_the_database(server: servers.Server) -> None:
    expected = {"data": {"myGroups": ["readers", "writers"]}}
    with login(server) as ada:
        assert clients.graphql(ada, MY_GROUPS).json() == expected
        assert ask_over_websocket(server, MY_GROUPS, ada) == expected
    assert clients.graphql(server, MY_GROUPS).json() == {"data": {"myGroups": []}}


def test_the_shown_answers_are_those_of_the_claim() -> None:
    assert json.loads(read("resolver_user/recorded/me.http.json")) == ADA
    assert json.loads(read("resolver_user/recorded/anonymous.http.json")) == ANONYMOUS
    assert json.dumps(ADA) in read("resolver_user/recorded/me.frames")
    assert json.dumps(ANONYMOUS) in read("resolver_user/recorded/anonymous.frames")


def test_info_is_one_class_under_two_names() -> None:
    assert strawberry.Info is strawberry.types.Info


def test_a_socket_keeps_the_cookies_of_its_handshake(server: servers.Server) -> None:
    with clients.WebSocketClient.connect(server) as socket:
        socket.init()
        with login(server) as ada:
            socket.subscribe("1", ME)
            assert socket.next_message()["payload"] == ANONYMOUS
            assert ask_over_websocket(server, ME, ada) == ADA


def test_the_database_is_asked_in_async_resolvers_and_in_fields_of_strawberry_django(
    tmp_path: Path,
) -> None:
    project = guide_project(tmp_path / "myproject")
    (project.path / "myproject/schema.py").write_text(COUNTING, encoding="utf-8")
    with servers.serve(project) as server:
        for field in ("ours", "asynchronous"):
            assert clients.graphql(server, f"{{ {field} }}").json() == {"data": {field: 1}}
            assert ask_over_websocket(server, f"{{ {field} }}") == {"data": {field: 1}}
        assert "errors" in clients.graphql(server, "{ plain }").json()
        assert "SynchronousOnlyOperation" in server.log()


def test_the_shell_snippet_makes_the_user(tmp_path: Path) -> None:
    project = projects.build(tmp_path / "myproject", "settings", "asgi_routing", "resolver_user")
    run_script(project, "running/shell/migrate.sh")
    run_script(project, "resolver_user/shell/create_user.sh")
    with (
        servers.serve(project) as server,
        clients.login(server, USER, PASSWORD, path="/admin/login/") as ada,
    ):
        assert ada.get("/admin/").status_code == 200
        user = ada.get("/admin/auth/user/1/change/").text
        assert 'value="ada@example.com"' in user
        assert clients.graphql(ada, ME).json() == ADA
