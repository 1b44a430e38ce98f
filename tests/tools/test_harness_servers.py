from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tools.harness.clients import ClientError, WebSocketClient, graphql, login
from tools.harness.processes import ProcessError, accepts
from tools.harness.projects import Project, build
from tools.harness.servers import SERVERS, Server, serve

ECHO = '''
"""An application that answers GraphQL's transports without GraphQL."""

import os

from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")
django = get_asgi_application()


class Echo(AsyncJsonWebsocketConsumer):
    async def connect(self):
        offered = self.scope["subprotocols"]
        await self.accept(offered[0] if offered else None)

    async def receive_json(self, content):
        if content["type"] == "connection_init":
            kind = content.get("payload", {}).get("answer", "connection_ack")
            await self.send_json({"type": kind})
        elif content["type"] == "close":
            await self.close(4403, "Forbidden")
        else:
            headers = {name.decode(): value.decode() for name, value in self.scope["headers"]}
            user = self.scope["user"].get_username()
            await self.send_json({"got": content, "origin": headers.get("origin"), "user": user})


application = ProtocolTypeRouter(
    {"http": django, "websocket": AuthMiddlewareStack(URLRouter([path("graphql", Echo.as_asgi())]))}
)
'''
ECHO_URLS = """
import json

from django.http import JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from myproject.urls import urlpatterns


@csrf_exempt
def echo(request):
    body = json.loads(request.body)
    answer = {"got": body, "origin": request.headers["origin"], "user": str(request.user)}
    return JsonResponse(answer)


urlpatterns = [path("graphql", echo), *urlpatterns]
"""
PASSWORD = "analytical-engine"


@pytest.fixture(scope="module")
def echo_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = build(tmp_path_factory.mktemp("echo") / "project")
    (project.path / "myproject/echo.py").write_text(ECHO)
    (project.path / "myproject/echo_urls.py").write_text(ECHO_URLS)
    with (project.path / "myproject/settings.py").open("a") as settings:
        settings.write('\nROOT_URLCONF = "myproject.echo_urls"\n')
        settings.write('ASGI_APPLICATION = "myproject.echo.application"\n')
        settings.write('INSTALLED_APPS = ["daphne", *INSTALLED_APPS]\n')
    project.manage("migrate")
    project.create_user("ada", PASSWORD)
    return project


@pytest.mark.parametrize("name", [*SERVERS, "runserver"])
def test_each_server_serves_pages_and_sockets_to_a_logged_in_user(
    echo_project: Project, name: str
) -> None:
    with serve(echo_project, name, application="myproject.echo:application") as server:
        assert accepts(server.port)
        with login(server, "ada", PASSWORD) as client:
            answer = graphql(client, "{ ping }", {"a": 1}).json()
            assert answer == {
                "got": {"query": "{ ping }", "variables": {"a": 1}},
                "origin": server.url,
                "user": "ada",
            }
            with WebSocketClient.connect(server, cookies=client) as socket:
                assert socket.subprotocol == "graphql-transport-ws"
                socket.init()
                socket.subscribe("1", "{ ping }", {"a": 1})
                message = socket.next_message()
                assert (message["user"], message["origin"]) == ("ada", server.url)
                assert message["got"]["type"] == "subscribe"
    assert not accepts(server.port)
    assert server.log()


@pytest.fixture(scope="module")
def server(echo_project: Project) -> Iterator[Server]:
    with serve(echo_project, application="myproject.echo:application") as server:
        yield server


def test_without_a_client_the_user_is_anonymous(server: Server) -> None:
    answer = graphql(server, "{ ping }", headers={"Origin": "http://elsewhere"}).json()
    assert answer == {
        "got": {"query": "{ ping }"},
        "origin": "http://elsewhere",
        "user": "AnonymousUser",
    }


def test_a_refused_login_says_so(server: Server) -> None:
    with pytest.raises(ClientError, match="login as 'ada' answered 200"):
        login(server, "ada", "difference-engine")


def test_a_socket_records_what_it_says_and_hears(server: Server) -> None:
    with WebSocketClient.connect(server, origin=None) as socket:
        socket.init({"token": "t"})
        socket.complete("1")
        got = socket.next_message()
        assert got["origin"] is None
        assert socket.close_code is None
    assert socket.close_code == 1000
    assert socket.transcript == [
        {"direction": ">", "frame": {"type": "connection_init", "payload": {"token": "t"}}},
        {"direction": "<", "frame": {"type": "connection_ack"}},
        {"direction": ">", "frame": {"id": "1", "type": "complete"}},
        {"direction": "<", "frame": got},
    ]


def test_the_legacy_subprotocol_has_its_own_words(server: Server) -> None:
    with WebSocketClient.connect(server, subprotocol="graphql-ws") as socket:
        socket.subscribe("1", "{ ping }")
        assert socket.next_message()["got"]["type"] == "start"
        socket.complete("1")
        assert socket.next_message()["got"]["type"] == "stop"


def test_a_close_by_the_server_has_its_code_and_reason(server: Server) -> None:
    with WebSocketClient.connect(server, subprotocol=None) as socket:
        assert socket.subprotocol is None
        socket.send_raw('{"type": "close"}')
        assert socket.wait_closed() == 4403
        assert socket.close_reason == "Forbidden"


def test_a_refused_init_says_what_came(server: Server) -> None:
    with (
        WebSocketClient.connect(server) as socket,
        pytest.raises(ClientError, match=r"expected connection_ack, got {'type': 'error'}"),
    ):
        socket.init({"answer": "error"})


def test_a_refused_handshake_has_its_status(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        WebSocketClient.connect(server, path="/nowhere")
    assert refused.value.response.status_code in (403, 500)


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_cannot_start_shows_its_log(echo_project: Project, name: str) -> None:
    with (
        pytest.raises(ProcessError, match=rf"(?s){name} ended with code \d+.*no_such_module"),
        serve(echo_project, name, application="myproject.no_such_module:application"),
    ):
        pass


def test_an_unknown_server_is_refused(echo_project: Project) -> None:
    with pytest.raises(ValueError, match="daphne, uvicorn, hypercorn, runserver, not 'gunicorn'"):
        serve(echo_project, "gunicorn").__enter__()


def test_a_failure_while_it_serves_shows_its_log(
    echo_project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        pytest.raises(httpx.UnsupportedProtocol),
        serve(echo_project, application="myproject.echo:application"),
    ):
        httpx.get("nowhere")
    assert "--- the log of uvicorn ---" in capsys.readouterr().err


def test_arguments_and_environment_reach_the_server(tmp_path: Path) -> None:
    project = build(tmp_path / "project")
    settings = project.path / "myproject/settings.py"
    settings.write_text(settings.read_text() + "\nimport os\nprint(os.environ['SAID'])\n")
    with serve(project, env={"SAID": "said so"}, arguments=["--log-level", "trace"]) as server:
        httpx.get(server.url)
    assert "said so" in server.log()
    assert "TRACE" in server.log()
