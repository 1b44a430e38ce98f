"""The section "Custom Context" of docs/integrations/channels.md."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.guide.support import ask_over_websocket, guide_project, read, run_script
from tests.hints import evaluated
from tools.harness import clients, projects, servers

USERNAMES = read("custom_context/requests/usernames.graphql")
ANSWER = {"data": {"first": "ada", "second": "grace", "third": None}}
SELECT_USERS = 'FROM "auth_user"'

LOG_QUERIES = """
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django.db.backends": {"handlers": ["console"], "level": "DEBUG"}},
}
"""


@pytest.fixture(scope="module")
def two_users(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    project = guide_project(tmp_path_factory.mktemp("context") / "myproject", "custom_context")
    run_script(project, "custom_context/shell/second_user.sh")
    return project


@pytest.fixture(scope="module")
def server(two_users: projects.Project) -> Iterator[servers.Server]:
    with (two_users.path / "myproject/settings.py").open("a", encoding="utf-8") as file:
        file.write(LOG_QUERIES)
    with servers.serve(two_users) as server:
        yield server


def test_the_resolver_finds_the_loader_over_http_and_websocket(server: servers.Server) -> None:
    assert clients.graphql(server, USERNAMES).json() == ANSWER
    assert ask_over_websocket(server, USERNAMES) == ANSWER
    assert json.loads(read("custom_context/recorded/usernames.http.json")) == ANSWER


def test_the_hints_of_the_consumers_are_imported(two_users: projects.Project) -> None:
    source = evaluated(two_users.path / "myproject/consumers.py")
    two_users.manage("shell", "--no-imports", "-c", source)


def test_the_third_is_nobody_until_there_is_one(
    two_users: projects.Project, server: servers.Server
) -> None:
    two_users.create_user("alan", "on-computable-numbers")
    try:
        answer = clients.graphql(server, USERNAMES).json()
    finally:
        delete = "from django.contrib.auth.models import User; User.objects.get(id=3).delete()"
        two_users.manage("shell", "-c", delete)
    assert answer == {"data": {"first": "ada", "second": "grace", "third": "alan"}}


def test_the_second_user_can_log_in(server: servers.Server) -> None:
    with clients.login(server, "grace", "compiler-of-1952", path="/admin/login/") as grace:
        assert grace.get("/admin/").url.path == "/admin/"
        user = grace.get("/admin/auth/user/2/change/").text
    assert 'value="grace@example.com"' in user


def test_one_operation_is_one_query(server: servers.Server) -> None:
    before = server.log().count(SELECT_USERS)
    clients.graphql(server, USERNAMES)
    assert server.log().count(SELECT_USERS) == before + 1


def test_the_query_asks_for_those_users_only(server: servers.Server) -> None:
    clients.graphql(server, USERNAMES)
    assert '"auth_user"."id" IN (1, 2, 3)' in server.log()


def test_the_loader_is_added_to_what_the_context_has(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    project = guide_project(tmp_path_factory.mktemp("added") / "myproject", "custom_context")
    (project.path / "myproject/schema.py").write_text(ADDED, encoding="utf-8")
    with servers.serve(project) as server:
        for answer in (
            clients.graphql(server, "{ path }").json(),
            ask_over_websocket(server, "{ path }"),
        ):
            assert answer == {"data": {"path": "/graphql"}}


ADDED = """
import strawberry


@strawberry.type
class Query:
    @strawberry.field
    def path(self, info: strawberry.Info) -> str:
        return info.context.request.path if info.context.usernames else ""


schema = strawberry.Schema(query=Query)
"""


def test_each_operation_on_a_socket_has_a_context_of_its_own(server: servers.Server) -> None:
    with clients.WebSocketClient.connect(server) as socket:
        socket.init()
        before = server.log().count(SELECT_USERS)
        for number in ("1", "2"):
            socket.subscribe(number, USERNAMES)
            assert socket.next_message()["payload"] == ANSWER
            assert socket.next_message()["type"] == "complete"
        assert server.log().count(SELECT_USERS) == before + 2


def test_the_context_is_read_as_attributes_and_as_a_mapping(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    project = projects.build(
        tmp_path_factory.mktemp("shapes") / "myproject", "settings", "asgi_routing"
    )
    (project.path / "myproject/schema.py").write_text(SHAPES, encoding="utf-8")
    expected = {"data": {"same": True, "ws": False, "response": True, "params": None}}
    over_websocket = {
        "data": {"same": True, "ws": True, "response": False, "params": {"token": "abc"}}
    }
    with servers.serve(project) as server:
        answer = clients.graphql(server, "{ same ws response params }")
        assert answer.json() == expected
        assert answer.headers["X-Greeting"] == "hello"
        with clients.WebSocketClient.connect(server) as socket:
            socket.init({"token": "abc"})
            socket.subscribe("1", "{ same ws response params }")
            assert socket.next_message()["payload"] == over_websocket


SHAPES = """
import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info


@strawberry.type
class Query:
    @strawberry.field
    def same(self, info: Info) -> bool:
        context = info.context
        same = context.request is context["request"] is context.get("request")
        return same and context.consumer is context.request.consumer

    @strawberry.field
    def ws(self, info: Info) -> bool:
        return info.context.ws is not None

    @strawberry.field
    def response(self, info: Info) -> bool:
        if info.context.response is None:
            return False
        info.context.response.headers["X-Greeting"] = "hello"
        return True

    @strawberry.field
    def params(self, info: Info) -> JSON | None:
        return info.context.connection_params


schema = strawberry.Schema(query=Query)
"""
