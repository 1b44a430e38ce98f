from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import strawberry
from django.conf import settings
from django.db import connections
from django.test import override_settings
from strawberry.channels import GraphQLWSConsumer as StockConsumer
from strawberry.schema.config import StrawberryConfig

from strawberry_django.realtime import GraphQLWSConsumer
from strawberry_django.realtime.checks.application import Endpoint
from strawberry_django.realtime.checks.settings import (
    check_atomic_requests,
    check_daphne_limits,
    check_options,
    check_routers,
    check_runserver,
)
from tests.schema import Query

STATIC = "django.contrib.staticfiles"
OTHERS = [name for name in settings.INSTALLED_APPS if name not in ("daphne", STATIC)]


def installed(*names: str) -> Any:
    return override_settings(INSTALLED_APPS=[*names, *OTHERS], DEBUG=True)


def test_daphne_first_is_right() -> None:
    with installed("daphne", STATIC):
        assert check_runserver() == []


def test_daphne_missing_means_wsgi() -> None:
    with installed(STATIC):
        [message] = check_runserver()
    assert message.id == "strawberry_django_realtime.W001"
    assert message.msg == (
        "daphne is not in INSTALLED_APPS, so runserver serves WSGI: no WebSocket."
    )
    assert '    "daphne",' in str(message.hint)


def test_runserver_is_not_for_production() -> None:
    with installed(STATIC), override_settings(DEBUG=False):
        assert check_runserver() == []


def test_daphne_after_staticfiles_is_too_late() -> None:
    with installed(STATIC, "daphne"), override_settings(DEBUG=False):
        [message] = check_runserver()
    assert message.id == "strawberry_django_realtime.E005"
    assert "daphne stands after django.contrib.staticfiles" in message.msg


def test_another_app_may_bring_a_runserver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = tmp_path / "otherserver/management/commands"
    commands.mkdir(parents=True)
    for folder in (commands, commands.parent, commands.parents[1]):
        (folder / "__init__.py").touch()
    (commands / "runserver.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    with installed("otherserver", STATIC):
        assert check_runserver() == []


SERVED = Endpoint("websocket", "", GraphQLWSConsumer, {"max_message_size": 2**20}, ())


@pytest.mark.parametrize(
    ("message", "frame", "low"),
    [
        (None, None, "DAPHNE_WEBSOCKET_MAX_MESSAGE_SIZE is 1048576 and DAPHNE_WEBSOCKET_MAX_FR"),
        (2**24, 2**20, "DAPHNE_WEBSOCKET_MAX_FRAME_SIZE is 1048576, not above max_message_size"),
        (2**20 + 1, 2**24, ""),
        (0, 0, ""),
    ],
)
def test_daphne_lets_long_messages_pass(message: Any, frame: Any, low: str) -> None:
    names = {"MESSAGE": message, "FRAME": frame}
    given = {
        f"DAPHNE_WEBSOCKET_MAX_{name}_SIZE": limit
        for name, limit in names.items()
        if limit is not None
    }
    with installed("daphne", STATIC), override_settings(**given):
        found = check_daphne_limits([SERVED])
        assert [each.msg.startswith(low) for each in found] == [True] * bool(low)
    with installed(STATIC), override_settings(**given):
        assert check_daphne_limits([SERVED]) == []


@pytest.mark.parametrize(
    ("atomic", "kind", "incremental", "reason"),
    [
        (True, GraphQLWSConsumer, False, ""),
        (True, GraphQLWSConsumer, True, "may deliver results later"),
        (True, StockConsumer, False, "Strawberry's own consumer serves websocket"),
        (False, StockConsumer, True, ""),
    ],
)
def test_mutations_are_atomic_where_that_is_asked_for(
    atomic: bool, kind: Any, incremental: bool, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = {**connections.settings["default"], "ATOMIC_REQUESTS": atomic}
    monkeypatch.setitem(connections.settings, "default", database)
    config = StrawberryConfig(enable_experimental_incremental_execution=incremental)
    schema = strawberry.Schema(query=Query, config=config)
    found = check_atomic_requests([Endpoint("websocket", "", kind, {"schema": schema}, ())])
    assert [reason in each.msg for each in found] == [True] * bool(reason)


def test_routers_is_this_librarys() -> None:
    assert check_routers() == []


def configured(value: Any) -> Any:
    return override_settings(STRAWBERRY_DJANGO_REALTIME=value)


def test_no_options_are_right() -> None:
    assert check_options() == []


def test_every_option_may_be_set() -> None:
    with configured(
        {
            "GRAPHQL_IDE": "pathfinder",
            "ALLOW_QUERIES_VIA_GET": False,
            "SUBSCRIPTION_PROTOCOLS": ["graphql-ws"],
            "KEEP_ALIVE_INTERVAL": 2.5,
            "CONNECTION_INIT_WAIT_TIMEOUT": timedelta(seconds=3),
            "MAX_SUBSCRIPTIONS_PER_CONNECTION": None,
            "ALLOWED_ORIGINS": ("https://app.example.com",),
            "MAX_MESSAGE_SIZE": 1,
            "TRUSTED_PROXIES": ["10.0.0.1/8", "::1", "unix"],
        }
    ):
        assert check_options() == []


def test_the_options_are_a_dict() -> None:
    with configured(["graphql_ide"]):
        [message] = check_options()
    assert message.id == "strawberry_django_realtime.E011"
    assert message.msg == "STRAWBERRY_DJANGO_REALTIME is a list; expected a dict of options."


@pytest.mark.parametrize("key", ["GRAPHQL_IDEE", "graphql_ide"])
def test_an_unknown_key_is_told_its_neighbour(key: str) -> None:
    with configured({key: None}):
        [message] = check_options()
    assert message.msg == (
        f"STRAWBERRY_DJANGO_REALTIME has the unknown key {key!r}. Did you mean 'GRAPHQL_IDE'?"
    )


def test_an_unknown_key_may_have_no_neighbour() -> None:
    with configured({7: None}):
        [message] = check_options()
    assert message.msg == "STRAWBERRY_DJANGO_REALTIME has the unknown key 7."


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (
            "GRAPHQL_IDE",
            "graphiqll",
            "'auto' or 'graphiql' or 'apollo-sandbox' or 'pathfinder' or None",
        ),
        ("KEEP_ALIVE", 1, "True or False"),
        ("KEEP_ALIVE_INTERVAL", "1", "a number from 0 up"),
        ("KEEP_ALIVE_INTERVAL", True, "a number from 0 up"),
        ("KEEP_ALIVE_INTERVAL", -0.5, "a number from 0 up"),
        ("CONNECTION_INIT_WAIT_TIMEOUT", 60, "a timedelta"),
        ("MAX_SUBSCRIPTIONS_PER_CONNECTION", 1.5, "a whole number from 0 up or None"),
        ("MAX_OUTBOUND_BYTES", -1, "a whole number from 0 up"),
        ("MAX_THREADS", 0, "a whole number from 1 up"),
        ("LISTENER_CAPACITY", 0, "a whole number from 1 up"),
        ("ALLOWED_ORIGINS", "https://example.com", "a list of strings"),
        ("ALLOWED_ORIGINS", [7], "a list of strings"),
        ("ALLOWED_ORIGINS", 7, "a list of strings"),
        ("TRUSTED_PROXIES", ["10.0.0.0/33"], 'addresses, networks ("10.0.0.0/8") or "unix"'),
    ],
)
def test_a_value_has_its_type(key: str, value: Any, expected: str) -> None:
    with configured({key: value}):
        [message] = check_options()
    assert message.msg == (
        f"STRAWBERRY_DJANGO_REALTIME[{key!r}] is {value!r}; expected {expected}."
    )
