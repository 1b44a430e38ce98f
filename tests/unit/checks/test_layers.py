from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from strawberry_django.realtime.checks.settings import check_channel_layers

IN_MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CORE = "channels_redis.core.RedisChannelLayer"


def redis(*hosts: Any, backend: str = CORE, **config: Any) -> dict[str, Any]:
    return {"default": {"BACKEND": backend, "CONFIG": {"hosts": list(hosts), **config}}}


def found(number: str) -> list[Any]:
    return [message for message in check_channel_layers() if str(message.id).endswith(number)]


@pytest.mark.parametrize("value", [None, {}])
def test_no_layer_is_no_fault_by_itself(value: Any) -> None:
    with override_settings(CHANNEL_LAYERS=value):
        assert check_channel_layers() == []


@override_settings(DEBUG=False, ALLOWED_HOSTS=["example.com"], CHANNEL_LAYERS=IN_MEMORY)
def test_the_in_memory_layer_does_not_reach_other_processes() -> None:
    [message] = check_channel_layers()
    assert message.id == "strawberry_django_realtime.W009"
    assert "in-memory" in message.msg
    assert "RedisChannelLayer" in str(message.hint)


@pytest.mark.parametrize("debug", [True, False])
def test_the_in_memory_layer_serves_development_and_tests(debug: bool) -> None:
    with override_settings(DEBUG=debug, CHANNEL_LAYERS=IN_MEMORY):
        assert check_channel_layers() == []


@override_settings(CHANNEL_LAYERS={"default": {"BACKEND": "channels_rabbitmq.core.Layer"}})
def test_the_package_of_a_backend_may_be_missing() -> None:
    [message] = check_channel_layers()
    assert message.id == "strawberry_django_realtime.E007"
    assert "the package channels_rabbitmq is not installed" in message.msg
    assert "python -m pip install channels-rabbitmq" in message.msg


@pytest.mark.parametrize(
    "layers",
    [
        ["channels.layers.InMemoryChannelLayer"],
        {"default": "channels.layers.InMemoryChannelLayer"},
        {"default": {}},
        {"default": {"BACKEND": "channels.layers.NoSuchLayer"}},
        {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"sized": 1}}},
        {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "ROUTING": "x"}},
        redis("nowhere://127.0.0.1"),
        {"default": {"BACKEND": CORE, "CONFIG": {"hosts": "redis://127.0.0.1:6379"}}},
    ],
    ids=str,
)
def test_a_layer_that_cannot_be_made_is_an_error(layers: Any) -> None:
    with override_settings(CHANNEL_LAYERS=layers):
        [message] = check_channel_layers()
    assert message.id == "strawberry_django_realtime.E008"


def test_the_underlying_exception_is_shown() -> None:
    with override_settings(CHANNEL_LAYERS=redis("nowhere://127.0.0.1")):
        [message] = check_channel_layers()
    assert "ValueError: Redis URL must specify" in message.msg


@pytest.mark.parametrize(
    "host",
    [
        "redis://127.0.0.1:6379/0",
        ("127.0.0.1", 6379),
        {"address": "redis://127.0.0.1:6379/0"},
        {"address": "redis://127.0.0.1:6379/0", "socket_timeout": 3},
        "redis://127.0.0.1:6379/0?socket_timeout=5",
    ],
    ids=str,
)
def test_connections_must_not_time_out_before_the_wait_ends(host: Any) -> None:
    with override_settings(CHANNEL_LAYERS=redis(host)):
        [message] = found("W010")
    assert "socket_timeout" in message.msg
    assert '"socket_timeout": 15' in str(message.hint)


@pytest.mark.parametrize("timeout", [15, None])
def test_a_longer_timeout_or_none_is_right(timeout: float | None) -> None:
    host = {"address": "redis://127.0.0.1:6379/0", "socket_timeout": timeout}
    with override_settings(CHANNEL_LAYERS=redis(host)):
        assert found("W010") == []


@pytest.mark.parametrize(
    ("host", "faults"),
    [
        ("redis://127.0.0.1:6379/0", 1),
        (("127.0.0.1", 6379), 1),
        ("redis://127.0.0.1:6379/0?max_connections=50", 0),
        ({"address": "redis://127.0.0.1:6379/0", "max_connections": 50}, 0),
    ],
    ids=str,
)
def test_a_hundred_connections_are_not_many(host: Any, faults: int) -> None:
    with override_settings(CHANNEL_LAYERS=redis(host)):
        messages = found("W013")
    assert ["opens 100 to Redis at most" in message.msg for message in messages] == [True] * faults


def test_the_pubsub_layer_does_not_wait_that_way() -> None:
    backend = "channels_redis.pubsub.RedisPubSubChannelLayer"
    with override_settings(CHANNEL_LAYERS=redis("redis://127.0.0.1:6379/0", backend=backend)):
        assert check_channel_layers() == []


def test_every_layer_is_looked_at() -> None:
    layers = {**IN_MEMORY, "other": {"BACKEND": "channels_rabbitmq.core.Layer"}}
    with override_settings(CHANNEL_LAYERS=layers):
        [message] = check_channel_layers()
    assert "CHANNEL_LAYERS['other']" in message.msg
