"""The section "Accessing User in Resolvers" of docs/integrations/channels.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.guide.support import (
    GUIDE,
    PASSWORD,
    USER,
    ask_over_websocket,
    guide_project,
    login,
    read,
    run_script,
)
from tools.harness import clients, projects, servers
from tools.harness.prepared import prepare

ME = read("resolver_user/requests/me.graphql")
MY_GROUPS = read("resolver_user/requests/my_groups.graphql")
ADA = {"data": {"me": "Hello, ada!"}}
ANONYMOUS = {"data": {"me": "Hello, anonymous!"}}

#: ada is in two groups and has two sessions, of which one ran out; grace, who had logged in, was
#: made inactive.
PREPARE = """
from datetime import datetime, timezone
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client

ada = User.objects.get(username="ada")
ada.groups.add(*(Group.objects.create(name=name) for name in ("writers", "readers")))
grace = User.objects.create_user("grace")
for user, key in ((ada, "session-of-ada"), (ada, "session-that-ended"), (grace, "inactive-user")):
    client = Client()
    client.force_login(user)
    Session.objects.filter(pk=client.cookies["sessionid"].value).update(session_key=key)
past = datetime(2001, 1, 1, tzinfo=timezone.utc)
Session.objects.filter(pk="session-that-ended").update(expire_date=past)
User.objects.filter(username="grace").update(is_active=False)
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
    project = projects.build(tmp_path_factory.mktemp("user") / "myproject", *GUIDE)
    prepare(project, "migrate", lambda made: made.manage("migrate"))
    run_script(project, "resolver_user/shell/create_user.sh")
    project.manage("shell", "-c", PREPARE)
    return project


@pytest.fixture(scope="module")
def server(project: projects.Project) -> Iterator[servers.Server]:
    with servers.serve(project) as server:
        yield server


def test_a_sync_resolver_has_the_user_over_http_and_websocket(server: servers.Server) -> None:
    with login(server) as ada:
        assert clients.graphql(ada, ME).json() == ADA
        assert ask_over_websocket(server, ME, ada) == ADA


def test_without_a_session_the_user_is_anonymous(server: servers.Server) -> None:
    assert clients.graphql(server, ME).json() == ANONYMOUS
    assert ask_over_websocket(server, ME) == ANONYMOUS


def test_who_is_inactive_or_whose_session_ran_out_is_anonymous(server: servers.Server) -> None:
    for key, answer in (
        ("session-of-ada", ADA),
        ("session-that-ended", ANONYMOUS),
        ("inactive-user", ANONYMOUS),
    ):
        cookies = {"sessionid": key}
        with httpx.Client(base_url=server.url, cookies=cookies) as client:
            assert clients.graphql(client, ME).json() == answer
        assert ask_over_websocket(server, ME, cookies) == answer


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


def test_the_shell_snippet_makes_an_administrator(server: servers.Server) -> None:
    with clients.login(server, USER, PASSWORD, path="/admin/login/") as ada:
        assert ada.get("/admin/").status_code == 200
        assert 'value="ada@example.com"' in ada.get("/admin/auth/user/1/change/").text
