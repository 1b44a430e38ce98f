"""The options: where they are looked up, and what is said of those that do not exist."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import timedelta
from typing import Any, get_type_hints

import pytest
from django.core.exceptions import ImproperlyConfigured

from strawberry_django.realtime import conf
from strawberry_django.realtime.conf import (
    DEFAULTS,
    OperationRequest,
    RealtimeOptions,
    project_options,
    resolve_options,
    unknown_options,
)


def test_every_option_has_a_default() -> None:
    assert list(get_type_hints(RealtimeOptions)) == list(DEFAULTS)
    assert not RealtimeOptions.__required_keys__


def test_the_defaults_that_the_guide_promises() -> None:
    options = resolve_options({})
    assert options["graphql_ide"] is None
    assert options["allow_queries_via_get"] is True
    assert options["multipart_uploads_enabled"] is False
    assert options["subscription_protocols"] == (
        "graphql-transport-ws",
        "multipart-subscription",
        "graphql-sse",
    )
    assert options["keep_alive"] is False
    assert options["connection_init_wait_timeout"] == timedelta(minutes=1)
    assert options["max_subscriptions_per_connection"] == 100
    assert options["session_auth"] is False
    assert options["django_middleware"] is False
    assert options["max_message_size"] == 1024 * 1024


def test_the_limits_that_the_guide_promises() -> None:
    limits = {
        "allowed_origins": (),
        "allow_missing_origin": False,
        "keep_alive_interval": 1,
        "session_revalidate_interval": 30,
        "max_sockets_per_user": 100,
        "max_sockets_per_address": None,
        "max_messages_per_second": 100,
        "max_message_size": 1_048_576,
        "max_outbound_bytes": 262_144,
        "send_timeout": 20,
        "listener_capacity": 1000,
        "slow_consumer": "close",
        "ping_interval": 30,
        "pong_timeout": 30,
        "max_idle_time": None,
        "max_lifetime": None,
    }
    options = dict(resolve_options({}))
    assert {name: options[name] for name in limits} == limits


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


def test_what_a_client_asks_for_is_one_value() -> None:
    asked = OperationRequest("{ hello }", "Hello", {"name": "ada"})
    assert asked == OperationRequest(
        query="{ hello }", operation_name="Hello", variables={"name": "ada"}
    )
    with pytest.raises(FrozenInstanceError):
        asked.query = "{ other }"  # type: ignore[misc]
