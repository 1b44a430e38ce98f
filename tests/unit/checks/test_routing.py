from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.checks import CheckMessage
from django.test import override_settings

import strawberry_django
from strawberry_django.realtime.checks.application import check_asgi_application
from tests.faults import SCHEMA, numbers, write_package

Check = Callable[..., list[CheckMessage]]

START = """
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import re_path

django_asgi_app = get_asgi_application()

from {package}.schema import schema
"""
OURS = START + "from strawberry_django.realtime import GraphQLHTTPConsumer, GraphQLWSConsumer\n"
STOCK = START + "from strawberry.channels import GraphQLHTTPConsumer, GraphQLWSConsumer\n"
GUARDED = """
application = ProtocolTypeRouter({
    "http": URLRouter([
        re_path("^graphql$", AuthMiddlewareStack(GraphQLHTTPConsumer.as_asgi(schema=schema))),
        re_path("^", django_asgi_app),
    ]),
    "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter([
        re_path("^graphql$", GraphQLWSConsumer.as_asgi(schema=schema)),
    ]))),
})
"""
BARE = """
application = ProtocolTypeRouter({
    "http": URLRouter([re_path("^graphql$", GraphQLHTTPConsumer.as_asgi(schema=schema))]),
    "websocket": URLRouter([re_path("^graphql$", GraphQLWSConsumer.as_asgi(schema=schema))]),
})
"""
TOKEN = """
class TokenMiddleware:
    def __init__(self, inner):
        self.inner = inner
    async def __call__(self, scope, receive, send):
        await self.inner({**scope, "user": None}, receive, send)

application = ProtocolTypeRouter({
    "websocket": TokenMiddleware(GraphQLWSConsumer.as_asgi(schema=schema)),
})
"""
SESSION_AUTH = """
application = ProtocolTypeRouter({
    "websocket": GraphQLWSConsumer.as_asgi(schema=schema, session_auth=True),
})
"""


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Write a project and run the checks of its ASGI application."""

    def check(**modules: str) -> list[CheckMessage]:
        name = write_package(tmp_path, monkeypatch, **modules)
        with override_settings(ASGI_APPLICATION=f"{name}.asgi.application"):
            return check_asgi_application()

    return check


def test_the_guides_routing_is_right(check: Check) -> None:
    assert check() == []


def test_the_guides_custom_routing_is_right(check: Check) -> None:
    assert check(asgi=OURS + GUARDED) == []


def test_a_schema_before_the_set_up_is_a_warning(check: Check) -> None:
    [message] = check(asgi="from {package}.schema import schema\n" + OURS + GUARDED)
    assert message.id == "strawberry_django_realtime.W002"
    assert ".schema) before get_asgi_application() (" in message.msg


def test_an_application_without_websockets_is_an_error(check: Check) -> None:
    [message] = check(asgi=f"{START}\napplication = django_asgi_app\n")
    assert message.id == "strawberry_django_realtime.E003"
    assert message.msg == (
        "ASGI_APPLICATION is a django.core.handlers.asgi.ASGIHandler, which serves no WebSocket."
    )


def test_strawberrys_router_is_reported_once(check: Check) -> None:
    [message] = check(
        asgi=START + "from strawberry.channels import GraphQLProtocolTypeRouter\n"
        "application = GraphQLProtocolTypeRouter(schema, django_asgi_app)\n"
    )
    assert message.id == "strawberry_django_realtime.W003"
    assert "GraphQLProtocolTypeRouter" in message.msg


def test_the_router_of_a_vendored_copy_is_left_to_its_own_check(check: Check) -> None:
    [path] = [path for path in strawberry_django.__path__ if Path(path, "routers.py").is_file()]
    copy = (
        "import importlib.util\n"
        f"file = {str(Path(path, 'routers.py'))!r}\n"
        "spec = importlib.util.spec_from_file_location('strawberry_django.routers', file)\n"
        "routers = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(routers)\n"
        "application = routers.AuthGraphQLProtocolTypeRouter(schema, django_asgi_app)\n"
    )
    assert check(asgi=START + copy) == []


def test_our_consumers_without_authentication_are_reported(check: Check) -> None:
    [message] = check(asgi=OURS + BARE)
    assert message.id == "strawberry_django_realtime.W003"
    assert "http '^graphql$', websocket '^graphql$'" in message.msg


def test_strawberrys_consumers_without_anything_are_reported(check: Check) -> None:
    assert numbers(check(asgi=STOCK + BARE)) == ["W003", "W004", "W005"]


def test_strawberrys_consumers_are_no_match_for_ours(check: Check) -> None:
    [message] = check(asgi=STOCK + GUARDED)
    assert message.id == "strawberry_django_realtime.W005"
    assert "info.context.request is no Django request" in message.msg


def test_an_own_middleware_may_authenticate(check: Check) -> None:
    assert check(asgi=OURS + TOKEN) == []
    assert numbers(check(asgi=STOCK + TOKEN)) == ["W005"]


def test_a_consumer_may_read_the_session_itself(check: Check) -> None:
    assert check(asgi=OURS + SESSION_AUTH) == []


def test_the_projects_own_middleware_may_read_the_session_over_http(check: Check) -> None:
    [message] = check(
        asgi=OURS + BARE.replace("schema=schema", "schema=schema, django_middleware=True")
    )
    assert message.id == "strawberry_django_realtime.W003"
    assert "GraphQL (websocket '^graphql$') is routed without" in message.msg


def test_the_projects_own_middleware_reads_no_session_of_a_websocket(check: Check) -> None:
    alone = "application = GraphQLWSConsumer.as_asgi(schema=schema, django_middleware=True)\n"
    [message] = check(asgi=OURS + alone)
    assert message.id == "strawberry_django_realtime.W003"
    assert "GraphQL (any protocol '') is routed without" in message.msg


def test_a_router_may_be_told_to_read_no_session(check: Check) -> None:
    messages = check(
        asgi=OURS + "from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter\n"
        "application = AuthGraphQLProtocolTypeRouter(schema, session_auth=False)\n"
    )
    assert numbers(messages) == ["W003"]


def test_options_that_cannot_be_read_are_left_to_their_own_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write_package(tmp_path, monkeypatch, asgi=OURS + BARE)
    with override_settings(ASGI_APPLICATION=f"{name}.asgi.application"):
        assert numbers(check_asgi_application()) == ["W003"]
        with override_settings(STRAWBERRY_DJANGO_REALTIME={"NO_SUCH_OPTION": 1}):
            assert check_asgi_application() == []


@pytest.mark.parametrize("pattern", ["^/graphql", "/graphql"])
def test_a_pattern_with_a_leading_slash_is_reported(check: Check, pattern: str) -> None:
    [message] = check(asgi=OURS + GUARDED.replace("^graphql$", pattern))
    assert message.id == "strawberry_django_realtime.W006"
    assert repr(pattern) in message.msg


def test_the_session_of_the_endpoints_is_checked(check: Check) -> None:
    with override_settings(MIDDLEWARE=[]):
        assert numbers(check()) == ["W007"]
        assert check(asgi=OURS + TOKEN) == []


def test_the_channel_layer_of_the_schema_is_checked(check: Check) -> None:
    schema = SCHEMA.replace("def ping(self)", "def ping(self, info: strawberry.Info)").replace(
        '"pong"', "str(info.context.request.consumer.listen_to_channel('pong'))"
    )
    with override_settings(CHANNEL_LAYERS={}):
        assert numbers(check(schema=schema)) == ["E006"]
