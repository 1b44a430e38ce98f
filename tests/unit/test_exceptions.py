"""The exceptions, which say what to do."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from strawberry_django.realtime import exceptions
from strawberry_django.realtime.exceptions import (
    AuthNotConfiguredError,
    ChannelLayerError,
    ListenerOverflowError,
    RealtimeError,
    WebSocketLoginError,
)


@pytest.mark.parametrize(
    "error",
    [
        AuthNotConfiguredError(),
        WebSocketLoginError(),
        ChannelLayerError("The channel layer failed"),
        ListenerOverflowError("chat.message", 1000),
    ],
)
def test_all_have_one_base(error: Exception) -> None:
    assert isinstance(error, RealtimeError)
    assert type(error).__name__ in vars(exceptions)


def test_a_missing_user_is_bad_configuration_and_names_the_three_fixes() -> None:
    error = AuthNotConfiguredError()
    assert isinstance(error, ImproperlyConfigured)
    for fix in ("AuthGraphQLProtocolTypeRouter", "AuthMiddlewareStack", "session_auth=True"):
        assert fix in str(error)


def test_a_missing_user_is_no_missing_attribute() -> None:
    # Code that falls back on `AttributeError` would go on without a user.
    assert not isinstance(AuthNotConfiguredError(), AttributeError)
    assert not isinstance(WebSocketLoginError(), AttributeError)


def test_a_login_over_a_websocket_says_what_to_do_instead() -> None:
    assert "cannot set the session cookie" in str(WebSocketLoginError())
    assert "Log in over HTTP" in str(WebSocketLoginError())


def test_an_overflow_says_how_much_was_behind() -> None:
    assert "1000 'chat.message' messages behind" in str(ListenerOverflowError("chat.message", 1000))
    assert "Subscribe again" in str(ListenerOverflowError("chat.message", 1000))
