from __future__ import annotations

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from strawberry_django.realtime.checks.application import Endpoint
from strawberry_django.realtime.checks.settings import check_sessions
from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer
from tests.faults import numbers

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


def function_middleware(get_response: object) -> object:
    def middleware(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    return middleware


def endpoint(pattern: str = "^graphql") -> Endpoint:
    return Endpoint("websocket", pattern, GraphQLWSConsumer, {}, ())


def without(*names: str) -> list[str]:
    return [name for name in settings.INSTALLED_APPS if name not in names]


def test_nothing_is_asked_of_a_project_without_session_endpoints() -> None:
    with override_settings(INSTALLED_APPS=without("django.contrib.sessions"), MIDDLEWARE=[]):
        assert check_sessions([]) == []


def test_all_is_there() -> None:
    assert check_sessions([endpoint()]) == []


@pytest.mark.parametrize("app", ["django.contrib.sessions", "django.contrib.auth"])
def test_the_session_and_its_user_need_their_apps(app: str) -> None:
    with override_settings(INSTALLED_APPS=without(app)):
        [message] = check_sessions([endpoint()])
    assert message.id == "strawberry_django_realtime.E012"
    assert message.msg.endswith(f"INSTALLED_APPS lacks {app}.")


def test_a_session_in_the_cache_needs_no_app() -> None:
    engine = "django.contrib.sessions.backends.cache"
    apps = without("django.contrib.sessions")
    with override_settings(INSTALLED_APPS=apps, SESSION_ENGINE=engine):
        assert check_sessions([endpoint()]) == []


@pytest.mark.parametrize("missing", [SESSION, AUTHENTICATION])
def test_somebody_must_write_the_session(missing: str) -> None:
    middleware = [path for path in settings.MIDDLEWARE if path != missing]
    with override_settings(MIDDLEWARE=middleware):
        [message] = check_sessions([endpoint()])
    assert message.id == "strawberry_django_realtime.W007"
    assert missing in message.msg


def test_a_middleware_may_be_any_function() -> None:
    own = f"{__name__}.function_middleware"
    with override_settings(MIDDLEWARE=[own, *settings.MIDDLEWARE]):
        assert check_sessions([endpoint()]) == []


def test_a_middleware_that_is_nowhere_is_djangos_to_report() -> None:
    with override_settings(MIDDLEWARE=["nowhere.Middleware", *settings.MIDDLEWARE]):
        assert check_sessions([endpoint()]) == []


@pytest.mark.parametrize(
    ("cookie_path", "pattern"),
    [("/app", "^graphql"), ("/graph", "^graphql"), ("/app/", r"^api/graphql$")],
)
def test_a_cookie_of_another_path_is_not_sent(cookie_path: str, pattern: str) -> None:
    with override_settings(SESSION_COOKIE_PATH=cookie_path):
        messages = check_sessions([endpoint(pattern), endpoint(pattern)])
    assert numbers(messages) == ["W008"]
    assert repr(cookie_path) in messages[0].msg
    assert repr(pattern) in messages[0].msg


@pytest.mark.parametrize(
    ("cookie_path", "pattern"),
    [
        ("/", "^graphql"),
        (None, "^graphql"),
        ("/graphql", "^graphql"),
        ("/api", "^api/graphql"),
        ("/api/v1/", r"^api/(?P<version>v\d)/graphql"),
        ("/api", "^api/^graphql$"),
    ],
)
def test_a_cookie_of_the_path_or_above_it_is_sent(cookie_path: str | None, pattern: str) -> None:
    with override_settings(SESSION_COOKIE_PATH=cookie_path):
        assert check_sessions([endpoint(pattern)]) == []
