"""The section "Security" of docs/integrations/channels.md."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.guide.support import PASSWORD, guide_project, login, read
from tools.harness import clients, projects, servers

ME = read("resolver_user/requests/me.graphql")
ADA = {"data": {"me": "Hello, ada!"}}
FOREIGN = "https://foreign.example"
TRUSTED = "https://trusted.example"

LOGIN_SCHEMA = """
import strawberry
import strawberry_django.auth
from django.contrib.auth.models import User
from strawberry.types import Info
import strawberry_django


@strawberry_django.type(User)
class UserType:
    username: str


@strawberry.type
class Query:
    @strawberry.field
    def me(self, info: Info) -> str:
        return info.context.request.user.username or "nobody"


@strawberry.type
class Mutation:
    login: UserType = strawberry_django.auth.login()
    logout = strawberry_django.auth.logout()


schema = strawberry.Schema(query=Query, mutation=Mutation)
"""

LOGIN = """
mutation Login($password: String!) { login(username: "ada", password: $password) { username } }
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    project = guide_project(tmp_path_factory.mktemp("security") / "myproject")
    with (project.path / "myproject/settings.py").open("a", encoding="utf-8") as file:
        file.write(f'CSRF_TRUSTED_ORIGINS = ["{TRUSTED}"]\n')
    return project


@pytest.fixture(scope="module")
def server(project: projects.Project) -> Iterator[servers.Server]:
    with servers.serve(project) as server:
        yield server


def refusal(server: servers.Server, **options: str | None) -> int:
    with pytest.raises(InvalidStatus) as refused:
        clients.WebSocketClient.connect(server, **options)  # type: ignore[arg-type]
    return refused.value.response.status_code


def test_a_foreign_host_is_refused_over_http_and_websocket(server: servers.Server) -> None:
    answer = clients.graphql(server, ME, headers={"Host": "foreign.example"})
    assert answer.status_code == 400
    with (
        socket.create_connection(("127.0.0.1", server.port)) as raw,
        pytest.raises(InvalidStatus) as refused,
    ):
        connect("ws://foreign.example/graphql", sock=raw)
    assert refused.value.response.status_code == 400


def test_the_origin_of_a_socket_must_be_ours(server: servers.Server) -> None:
    assert refusal(server, origin=FOREIGN) == 403
    assert refusal(server, origin=None) == 403
    for origin in ("http://localhost:3000", TRUSTED):
        clients.WebSocketClient.connect(server, origin=origin).close()


def test_a_session_must_come_from_our_own_site(server: servers.Server) -> None:
    with login(server) as ada:
        assert clients.graphql(ada, ME, headers={"Origin": FOREIGN}).status_code == 403
        assert clients.graphql(ada, ME, headers={"Origin": TRUSTED}).json() == ADA
        assert "csrftoken" not in ada.post("/graphql", json={"query": ME}).request.headers
        assert clients.graphql(ada, ME).json() == ADA


def test_a_request_without_a_session_is_not_asked(server: servers.Server) -> None:
    assert clients.graphql(server, ME, headers={"Origin": FOREIGN}).status_code == 200


def test_a_body_beyond_djangos_limit_is_413(server: servers.Server) -> None:
    body = b'{"query": "' + b" " * 3_000_000 + b'{ me }"}'
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{server.url}/graphql", content=body, headers=headers)
    assert answer.status_code == 413


def test_a_message_beyond_the_limit_closes_the_socket(server: servers.Server) -> None:
    with clients.WebSocketClient.connect(server) as opened:
        opened.send({"type": "connection_init", "payload": {"filling": "x" * 1024 * 1024}})
        assert opened.wait_closed() == 1009


def test_answers_carry_the_headers_of_djangos_security_middleware(server: servers.Server) -> None:
    headers = clients.graphql(server, ME).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_login_works_over_http_and_says_why_not_over_websocket(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    project = guide_project(tmp_path_factory.mktemp("login") / "myproject")
    (project.path / "myproject/schema.py").write_text(LOGIN_SCHEMA, encoding="utf-8")
    variables = {"password": PASSWORD}
    with servers.serve(project) as server, httpx.Client(base_url=server.url) as client:
        with clients.WebSocketClient.connect(server) as opened:
            opened.init()
            opened.subscribe("1", LOGIN, variables)
            (error,) = opened.next_message()["payload"]["errors"]
            assert "cannot set the session cookie" in error["message"]
            assert opened.next_message()["type"] == "complete"
            opened.subscribe("2", "{ me }")
            assert opened.next_message()["payload"] == {"data": {"me": "nobody"}}
        by_get = client.get("/graphql", params={"query": LOGIN, "variables": json.dumps(variables)})
        assert by_get.status_code in {400, 405}
        assert "sessionid" not in client.cookies
        answer = clients.graphql(client, LOGIN, variables)
        assert answer.json() == {"data": {"login": {"username": "ada"}}}
        assert "sessionid" in client.cookies
        assert clients.graphql(client, "{ me }").json() == {"data": {"me": "ada"}}


def log_out(client: httpx.Client) -> None:
    token = client.cookies["csrftoken"]
    answer = client.post("/accounts/logout/", data={"csrfmiddlewaretoken": token})
    assert answer.status_code == 302


def test_logging_out_closes_the_sockets_of_the_session(server: servers.Server) -> None:
    with (
        login(server) as ada,
        login(server) as elsewhere,
        clients.WebSocketClient.connect(server, cookies=ada) as opened,
        clients.WebSocketClient.connect(server, cookies=elsewhere) as other,
    ):
        opened.init()
        other.init()
        log_out(ada)
        assert opened.wait_closed() == 4401
        other.subscribe("1", ME)
        assert other.next_message()["payload"] == ADA
