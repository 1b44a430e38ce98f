"""The exceptions, which say what to do."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from strawberry_django.realtime.exceptions import (
    AuthNotConfiguredError,
    WebSocketLoginError,
)


def test_a_missing_user_is_bad_configuration_and_names_the_three_fixes() -> None:
    error = AuthNotConfiguredError()
    assert isinstance(error, ImproperlyConfigured)
    for fix in ("AuthGraphQLProtocolTypeRouter", "AuthMiddlewareStack", "session_auth=True"):
        assert fix in str(error)


def test_a_missing_user_is_no_missing_attribute() -> None:
    # Code that falls back on `AttributeError` would go on without a user.
    assert not isinstance(AuthNotConfiguredError(), AttributeError)
    assert not isinstance(WebSocketLoginError(), AttributeError)
