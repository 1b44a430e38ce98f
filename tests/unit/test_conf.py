"""The options: where they are looked up, and what is said of those that do not exist."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from strawberry_django.realtime import conf
from strawberry_django.realtime.conf import (
    DEFAULTS,
    project_options,
    resolve_options,
    unknown_options,
)
from strawberry_django.realtime.routing import AuthGraphQLProtocolTypeRouter
from tests.schema import schema


def test_a_keyword_comes_before_the_setting_and_the_setting_before_the_default(
    settings: Any,
) -> None:
    settings.STRAWBERRY_DJANGO_REALTIME = {"KEEP_ALIVE": True, "SEND_TIMEOUT": 5}
    options = resolve_options({"send_timeout": 7})
    assert options["send_timeout"] == 7
    assert options["keep_alive"] is True
    assert options["max_message_size"] == DEFAULTS["max_message_size"]


def test_what_has_been_resolved_resolves_to_itself(settings: Any) -> None:
    options = resolve_options({"send_timeout": 7})
    settings.STRAWBERRY_DJANGO_REALTIME = {"SEND_TIMEOUT": 5}
    assert resolve_options(options) == options
    assert resolve_options({})["send_timeout"] == 5


@pytest.mark.parametrize(
    ("debug", "given", "explorer"),
    [
        (True, {}, "graphiql"),
        (False, {}, None),
        (True, {"graphql_ide": "auto"}, "graphiql"),
        (False, {"graphql_ide": "auto"}, None),
        (True, {"graphql_ide": None}, None),
        (False, {"graphql_ide": "graphiql"}, "graphiql"),
        (False, {"graphql_ide": "pathfinder"}, "pathfinder"),
    ],
)
def test_the_explorer_is_on_with_debug_only_unless_one_is_named(
    settings: Any, debug: bool, given: Any, explorer: str | None
) -> None:
    settings.DEBUG = debug
    assert resolve_options(given)["graphql_ide"] == explorer


def test_a_keyword_that_is_no_option_is_an_error_that_suggests_the_nearest() -> None:
    with pytest.raises(
        TypeError, match=r"^'keepalive' is not an option\. Did you mean 'keep_alive'\?$"
    ):
        resolve_options({"keepalive": True})


def test_every_wrong_keyword_is_named() -> None:
    assert unknown_options({"qqq": 1, "keep_alive": True, "allow_origins": []}) == [
        "'qqq' is not an option.",
        "'allow_origins' is not an option. Did you mean 'allowed_origins'?",
    ]
    with pytest.raises(TypeError, match=r"'qqq' is not an option\. 'www' is not"):
        resolve_options({"qqq": 1, "www": 2})


def test_a_key_of_the_setting_that_is_no_option_is_bad_configuration(settings: Any) -> None:
    settings.STRAWBERRY_DJANGO_REALTIME = {"KEEPALIVE": True}
    with pytest.raises(ImproperlyConfigured, match=r"settings\.STRAWBERRY_DJANGO_REALTIME: ") as e:
        resolve_options({})
    assert "Did you mean" in str(e.value)


@pytest.mark.parametrize("declared", [["GRAPHQL_IDE"], {1: True}, None])
def test_a_setting_that_is_no_dictionary_of_names_is_bad_configuration(
    settings: Any, declared: Any
) -> None:
    settings.STRAWBERRY_DJANGO_REALTIME = declared
    with pytest.raises(ImproperlyConfigured, match="must be a dictionary of option names"):
        project_options()


def test_the_setting_may_be_left_out(settings: Any) -> None:
    assert not hasattr(settings, conf.SETTING)
    assert project_options() == {}
    settings.STRAWBERRY_DJANGO_REALTIME = {"ALLOWED_ORIGINS": ["https://app.example"]}
    assert project_options() == {"allowed_origins": ["https://app.example"]}


def test_a_value_of_a_wrong_type_is_an_error_when_the_router_is_made() -> None:
    with pytest.raises(TypeError, match=r"'max_idle_time' is .*; expected a number"):
        AuthGraphQLProtocolTypeRouter(schema, max_idle_time=timedelta(minutes=1))  # type: ignore[arg-type]
