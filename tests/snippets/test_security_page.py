"""The page docs/guide/security.md; what it says of the router is proven in `tests/security`."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
import strawberry
from django.test import Client
from strawberry.extensions import MaskErrors

from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter
from tests.schema import schema
from tests.support import in_database
from tests.support_websocket import connect
from tools.harness import clients, projects, servers
from tools.harness.prepared import prepare

HOOKS = projects.SNIPPETS / "security/myproject/hooks.py"
PRINT_OPTIONS = (
    "import json; from django.conf import settings;"
    "print(json.dumps(settings.STRAWBERRY_DJANGO_REALTIME))"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    project = projects.build(
        tmp_path_factory.mktemp("page") / "myproject", "channel_layers_memory", "security"
    )
    prepare(project, "migrate", lambda made: made.manage("migrate"))
    return project


def with_settings(name: str) -> dict[str, str]:
    return {"DJANGO_SETTINGS_MODULE": f"myproject.{name}"}


def test_hosts_origins_and_limits_as_the_page_sets_them(project: projects.Project) -> None:
    with servers.serve(project, env=with_settings("settings_secure")) as server:
        ours = clients.graphql(server, "{ me }", headers={"Host": "example.com"})
        assert ours.json() == {"data": {"me": "nobody"}}
        foreign = clients.graphql(server, "{ me }", headers={"Host": "foreign.example"})
        assert foreign.status_code == 400
        origin = "https://app.example.com"
        with clients.WebSocketClient.connect(server, origin=origin) as socket:
            socket.init()
            for _ in range(21):
                socket.send({"type": "pong"})
            assert socket.wait_closed() == 4429
            assert "max_messages_per_second" in str(socket.close_reason)


def test_the_projects_middleware_surrounds_graphql(project: projects.Project) -> None:
    with servers.serve(project, env=with_settings("settings_middleware")) as server:
        answer = clients.graphql(server, "{ me }")
    assert answer.json() == {"data": {"me": "nobody"}}
    assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("name", ["settings_secure", "settings_slow", "settings_middleware"])
def test_the_settings_name_options_that_exist(project: projects.Project, name: str) -> None:
    env = with_settings(name)
    assert "strawberry_django_realtime.E" not in project.manage("check", env=env).stderr
    done = project.manage("shell", "-c", f"import myproject.asgi; {PRINT_OPTIONS}", env=env)
    assert done.stdout


def load_hooks() -> Any:
    spec = importlib.util.spec_from_file_location("security_hooks", HOOKS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_project_puts_somebody_out(
    ada: Any, ada_client: Client, channel_layer: Any
) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema)
    async with connect(application, client=ada_client) as socket:
        await in_database(lambda: load_hooks().suspend(ada))
        assert (await socket.closed())[0] == 4401


def test_strawberrys_extension_hides_what_resolvers_raise() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def fail(self) -> str:
            raise ValueError("the secret is 4711")

    masked = strawberry.Schema(Query, extensions=[MaskErrors])
    errors = masked.execute_sync("{ fail }").errors
    assert errors is not None
    assert [error.message for error in errors] == ["Unexpected error."]
