from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import strawberry
from channels.auth import AuthMiddleware, AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.test import override_settings
from django.urls import path, re_path

from strawberry_django.realtime import (
    AuthGraphQLProtocolTypeRouter,
    GraphQLWSConsumer,
)
from strawberry_django.realtime.checks.application import (
    NOTHING,
    endpoints,
    load,
    serves_websocket,
)
from tests.faults import numbers, write_package

Write = Callable[..., str]


@strawberry.type
class Query:
    ping: str = "pong"


SCHEMA = strawberry.Schema(Query)


class Wrapper:
    """Wraps an application as much ASGI middleware does."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


async def closed(scope: Any, receive: Any, send: Any) -> None:
    """Accept anything; nothing can be seen of its inside."""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    return lambda **modules: write_package(tmp_path, monkeypatch, **modules)


@pytest.mark.parametrize("value", [None, "", "application", 7])
def test_the_setting_names_a_path(value: object) -> None:
    with override_settings(ASGI_APPLICATION=value):
        application, [message] = load()
    assert application is NOTHING
    assert message.id == "strawberry_django_realtime.E001"
    assert message.msg.startswith(f"ASGI_APPLICATION is {value!r}; expected")


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import {package}.nowhere", "ModuleNotFoundError: No module named"),
        ("application = 1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit('bye')", "SystemExit: bye"),
        ("def application(:", "SyntaxError: "),
        ("", "AttributeError: module"),
    ],
)
def test_the_underlying_exception_is_told(write: Write, source: str, cause: str) -> None:
    path = f"{write(asgi=source)}.asgi.application"
    with override_settings(ASGI_APPLICATION=path):
        application, [message] = load()
    assert application is NOTHING
    assert message.id == "strawberry_django_realtime.E002"
    assert f"ASGI_APPLICATION = {path!r} cannot be imported: {cause}" in message.msg


def test_the_line_that_failed_is_told(write: Write, tmp_path: Path) -> None:
    name = write(schema="import os\n\nraise RuntimeError('no schema today')")
    with override_settings(ASGI_APPLICATION=f"{name}.asgi.application"):
        _, [message] = load()
    place = f"{tmp_path / name / 'schema.py'}, line 3"
    assert message.msg.endswith(f"RuntimeError: no schema today ({place})")


def test_a_module_that_runs_the_checks_itself_is_left_alone(write: Write) -> None:
    name = write(asgi="from django.core.checks import run_checks\nfound = run_checks()\n")
    with override_settings(ASGI_APPLICATION=f"{name}.asgi.found"):
        found, messages = load()
    assert messages == []
    assert isinstance(found, list)
    assert not {"E001", "E002", "E003"} & set(numbers(found))


@pytest.mark.parametrize(
    ("make", "answer"),
    [
        (lambda: AuthGraphQLProtocolTypeRouter(SCHEMA), True),
        (lambda: ProtocolTypeRouter({"websocket": closed}), True),
        (lambda: Wrapper(AuthMiddlewareStack(ProtocolTypeRouter({"websocket": closed}))), True),
        (lambda: ASGIStaticFilesHandler(AuthGraphQLProtocolTypeRouter(SCHEMA)), True),
        (lambda: ProtocolTypeRouter({"http": closed}), False),
        (get_asgi_application, False),
        (lambda: Wrapper(get_asgi_application()), False),
        (lambda: ASGIStaticFilesHandler(get_asgi_application()), False),
        (get_wsgi_application, False),
        (lambda: None, False),
        (lambda: "myproject.asgi.application", False),
        (lambda: closed, None),
        (lambda: Wrapper(closed), None),
    ],
)
@override_settings(STATIC_URL="static/")
def test_what_serves_websockets(make: Callable[[], object], answer: bool | None) -> None:
    assert serves_websocket(make()) is answer


def circle() -> Wrapper:
    wrapper = Wrapper(None)
    wrapper.app = wrapper
    return wrapper


def test_an_application_that_wraps_itself_is_not_followed_for_ever() -> None:
    assert serves_websocket(circle()) is None
    assert list(endpoints(circle())) == []


def test_the_router_has_two_endpoints() -> None:
    http, websocket = endpoints(AuthGraphQLProtocolTypeRouter(SCHEMA, url_pattern="^api"))
    assert (str(http), str(websocket)) == ("http '^api'", "websocket '^api'")
    assert http.options["schema"] is SCHEMA
    assert http.options["session_auth"] is True


def test_routing_by_hand_is_taken_apart() -> None:
    consumer = GraphQLWSConsumer.as_asgi(schema=SCHEMA)
    inner = URLRouter([re_path("^graphql$", AuthMiddlewareStack(consumer))])
    [endpoint] = endpoints(
        ProtocolTypeRouter(
            {
                "http": get_asgi_application(),
                "websocket": Wrapper(
                    OriginValidator(URLRouter([path("api/", inner), path("other/", closed)]), ["*"])
                ),
            }
        )
    )
    assert str(endpoint) == "websocket 'api/^graphql$'"
    assert endpoint.consumer_class is GraphQLWSConsumer
    assert [type(each) for each in endpoint.around] == [
        ProtocolTypeRouter,
        Wrapper,
        OriginValidator,
        URLRouter,
        URLRouter,
        CookieMiddleware,
        SessionMiddleware,
        AuthMiddleware,
    ]
    assert endpoint.is_inside(CookieMiddleware, AuthMiddleware)
    assert not endpoint.is_inside(CookieMiddleware, AuthGraphQLProtocolTypeRouter)


def test_a_consumer_without_a_schema_is_none() -> None:
    from channels.generic.websocket import AsyncWebsocketConsumer

    assert list(endpoints(AsyncWebsocketConsumer.as_asgi())) == []
