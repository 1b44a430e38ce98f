"""The sections "Overview", "Configuration" and "See Also" of docs/integrations/channels.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.guide.support import ask_over_websocket, converse, read, run_script
from tools.harness import clients, live, projects, servers
from tools.harness.prepared import prepare

PING = read("asgi_routing/requests/ping.graphql")
PONG = {"data": {"ping": "pong"}}

SETTINGS = """
import json
from django.conf import settings
print(json.dumps([settings.INSTALLED_APPS, settings.ASGI_APPLICATION, settings.WSGI_APPLICATION]))
"""

MODEL_SCHEMA = """
import strawberry
from django.contrib.auth.models import User


@strawberry.type
class Query:
    @strawberry.field
    async def users(self) -> int:
        return await User.objects.acount()


schema = strawberry.Schema(query=Query)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    """What the reader has after step 3."""
    folder = tmp_path_factory.mktemp("configuration") / "myproject"
    project = projects.build(folder, "settings", "asgi_routing")
    prepare(project, "migrate", lambda made: made.manage("migrate"))
    return project


@pytest.fixture(scope="module")
def server(project: projects.Project) -> Iterator[servers.Server]:
    with servers.serve(project, "runserver") as server:
        yield server


def test_django_alone_cannot_serve_a_websocket(tmp_path: Path) -> None:
    project = projects.build(tmp_path / "myproject")
    with servers.serve(project) as server:
        with pytest.raises(InvalidStatus) as refused:
            clients.WebSocketClient.connect(server)
        assert refused.value.response.status_code == 500
        assert "Django can only handle ASGI/HTTP connections, not websocket." in server.log()


def test_the_settings_name_the_apps_and_the_application(project: projects.Project) -> None:
    done = project.python("-c", SETTINGS, env={"DJANGO_SETTINGS_MODULE": project.settings_module})
    apps, asgi, wsgi = json.loads(done.stdout)
    assert apps.index("daphne") < apps.index("django.contrib.staticfiles")
    assert {"channels", "strawberry_django", "strawberry_django.realtime"} <= set(apps)
    assert asgi == "myproject.asgi.application"
    assert wsgi == "myproject.wsgi.application"


def test_the_settings_are_those_of_startproject_and_what_the_page_adds() -> None:
    shown = projects.as_copied(projects.SNIPPETS / "settings/myproject/settings.py").decode()
    added = re.sub(r'    "(daphne|channels|strawberry_django[.a-z]*)",\n', "", shown)
    added = added.replace('ASGI_APPLICATION = "myproject.asgi.application"\n\n', "")
    added = re.sub(r"(DAPHNE_WEBSOCKET_MAX_\w+_SIZE = .*\n){2}\n", "", added)
    assert added == read("project/myproject/settings.py")


def test_the_checks_find_nothing(project: projects.Project) -> None:
    assert "no issues" in project.manage("check").stdout


def test_a_wsgi_server_goes_on_serving_pages(project: projects.Project) -> None:
    code = (
        "from wsgiref.util import setup_testing_defaults\n"
        "from myproject.wsgi import application\n"
        "environ = {'HTTP_HOST': 'localhost'}\n"
        "setup_testing_defaults(environ)\n"
        "application(environ, lambda status, headers: print(status))\n"
    )
    assert project.python("-c", code).stdout == "200 OK\n"


def test_runserver_speaks_asgi_and_says_so(server: servers.Server) -> None:
    assert "Starting ASGI/Daphne" in server.log()
    assert "Starting ASGI/Daphne" in read("running/recorded/runserver.txt")


def test_the_first_query_answers_over_http_and_websocket(server: servers.Server) -> None:
    assert clients.graphql(server, PING).json() == PONG
    assert ask_over_websocket(server, PING) == PONG
    assert json.loads(read("asgi_routing/recorded/ping.http.json")) == PONG
    assert json.dumps(PONG) in read("asgi_routing/recorded/ping.frames")


def test_the_shell_command_asks_the_first_query(
    project: projects.Project, server: servers.Server
) -> None:
    done = run_script(project, "asgi_routing/shell/ping.sh", replacing={"8000": str(server.port)})
    assert json.loads(done.stdout) == PONG


def test_queries_share_a_socket(server: servers.Server) -> None:
    with clients.WebSocketClient.connect(server) as socket:
        assert socket.subprotocol == "graphql-transport-ws"
        assert converse(socket, PING) == PONG
        socket.subscribe("2", PING)
        assert socket.next_message()["payload"] == PONG


def test_django_serves_what_it_served_before(server: servers.Server) -> None:
    assert "Log in" in httpx.get(f"{server.url}/").text
    assert httpx.get(f"{server.url}/admin/login/").status_code == 200
    assert httpx.get(f"{server.url}/static/admin/css/base.css").status_code == 200


def test_the_explorer_is_there_with_debug(server: servers.Server) -> None:
    answer = httpx.get(f"{server.url}/graphql", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "graphiql" in answer.text.lower()


def test_a_schema_above_get_asgi_application_is_not_ready(tmp_path: Path) -> None:
    folder = tmp_path / "myproject"
    project = projects.build(folder, "settings", "asgi_routing")
    (project.path / "myproject/schema.py").write_text(MODEL_SCHEMA, encoding="utf-8")
    assert project.python("-c", "import myproject.asgi").returncode == 0
    move_schema_import_to_the_top(project)
    settings = {"DJANGO_SETTINGS_MODULE": project.settings_module}
    for env, error in ((settings, "AppRegistryNotReady"), ({}, "ImproperlyConfigured")):
        done = project.python("-c", "import myproject.asgi", env=env)
        assert done.returncode == 1
        assert error in done.stderr


def move_schema_import_to_the_top(project: projects.Project) -> None:
    """Do to asgi.py what a formatter would do."""
    asgi = project.path / "myproject/asgi.py"
    line = "from myproject.schema import schema\n"
    text = asgi.read_text(encoding="utf-8").replace(line, "")
    asgi.write_text(text.replace("import os\n", f"import os\n{line}"), encoding="utf-8")


def test_the_router_is_the_same_class_from_both_imports() -> None:
    from strawberry_django import routers
    from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter

    assert routers.AuthGraphQLProtocolTypeRouter is AuthGraphQLProtocolTypeRouter


def test_see_also_leads_to_the_pages_that_go_on() -> None:
    page = (live.ROOT / "docs/integrations/channels.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"\]\(([^)]+)\)", page.partition("\n## See Also\n")[2]))
    assert targets >= {
        "../guide/subscriptions.md",
        "https://strawberry.rocks/docs/integrations/channels",
        "https://channels.readthedocs.io/en/stable/",
    }
