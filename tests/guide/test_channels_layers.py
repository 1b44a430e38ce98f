"""The section "Channel layers" of docs/integrations/channels.md."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.layers import BaseChannelLayer, get_channel_layer
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.utils.module_loading import import_string
from redis import exceptions

from tests.guide.support import read
from tools.harness import clients, projects, servers
from tools.harness.redis import RedisServer

PUBSUB = "myproject.settings_pubsub"


def build(folder: Path, subject: str) -> projects.Project:
    subjects = ("settings", "asgi_routing", subject, "channel_groups")
    return projects.build(folder / "myproject", *subjects)


@contextlib.contextmanager
def listening(server: servers.Server) -> Iterator[clients.WebSocketClient]:
    """A client whose subscription has joined the group."""
    with clients.WebSocketClient.connect(server) as socket:
        socket.init()
        socket.subscribe("1", "subscription { heard }")
        assert heard(socket) == "listening"
        yield socket


def heard(socket: clients.WebSocketClient) -> str:
    message = socket.next_message()
    assert message["type"] == "next", message
    text: str = message["payload"]["data"]["heard"]
    return text


def say(server: servers.Server, text: str) -> None:
    answer = clients.graphql(
        server, "mutation Say($text: String!) { say(text: $text) }", {"text": text}
    )
    assert answer.json() == {"data": {"say": text}}


def channel_layers(folder: Path, subject: str, **env: str) -> dict[str, Any]:
    """Return the backend and the CONFIG that a subject's settings have."""
    project = projects.build(folder / subject, "settings", subject)
    code = (
        "import json; from django.conf import settings; print(json.dumps(settings.CHANNEL_LAYERS))"
    )
    done = project.python(
        "-c", code, env={"DJANGO_SETTINGS_MODULE": project.settings_module, **env}
    )
    assert not done.stderr
    layers: dict[str, Any] = json.loads(done.stdout)
    assert list(layers) == ["default"]
    return layers["default"]


@pytest.fixture
def core(tmp_path: Path, redis: RedisServer) -> Callable[[], RedisChannelLayer]:
    """Make the core layer that the page shows."""
    default = channel_layers(tmp_path, "channel_layers_redis", REDIS_URL=redis.url)
    backend = import_string(default["BACKEND"])
    assert backend is RedisChannelLayer
    return lambda: backend(**default["CONFIG"])


@pytest.fixture
def pubsub(tmp_path: Path, redis: RedisServer) -> Callable[[], RedisPubSubChannelLayer]:
    """Make the pub/sub layer that the page shows."""
    env = {"REDIS_URL": redis.url, "DJANGO_SETTINGS_MODULE": PUBSUB}
    default = channel_layers(tmp_path, "channel_layers_redis", **env)
    backend = import_string(default["BACKEND"])
    assert backend is RedisPubSubChannelLayer
    return lambda: backend(**default["CONFIG"])


@pytest.fixture
def shortest(redis: RedisServer) -> Callable[[], RedisChannelLayer]:
    """Make the core layer of the shortest form, with redis-py's own defaults."""
    return lambda: RedisChannelLayer(hosts=[(redis.host, redis.port)])


@contextlib.asynccontextmanager
async def closing(layer: Any) -> AsyncIterator[Any]:
    try:
        yield layer
    finally:
        await layer.flush()


def test_the_settings_are_those_of_the_step_before_and_the_section_shown() -> None:
    before = _plain(read("settings/myproject/settings.py"))
    for subject in ("channel_layers_memory", "channel_layers_redis"):
        text = read(f"{subject}/myproject/settings.py")
        section = re.search(r"# --8<-- \[start.*?\[end:channel_layers\]\n", text, re.DOTALL)
        assert section
        rest = text.replace(section[0], "").replace("import os\n", "").rstrip() + "\n"
        assert rest == before


def _plain(text: str) -> str:
    return re.sub(r"# --8<--.*\n", "", text).replace("  # (hl)", "")


def test_redis_is_found_at_the_address_the_page_says(tmp_path: Path) -> None:
    core = channel_layers(tmp_path, "channel_layers_redis")
    pubsub = channel_layers(tmp_path, "channel_layers_redis", DJANGO_SETTINGS_MODULE=PUBSUB)
    assert core["CONFIG"]["hosts"][0]["address"] == "redis://127.0.0.1:6379/0"
    assert pubsub["CONFIG"]["hosts"] == ["redis://127.0.0.1:6379/0"]


def test_in_memory_reaches_every_socket_of_its_process_only(tmp_path: Path) -> None:
    project = build(tmp_path, "channel_layers_memory")
    with (
        servers.serve(project) as one,
        servers.serve(project) as other,
        listening(one) as first,
        listening(one) as second,
        listening(other) as stranger,
    ):
        say(one, "to the first process")
        say(other, "to the other process")
        assert heard(first) == heard(second) == "to the first process"
        assert heard(stranger) == "to the other process"


@pytest.mark.parametrize("settings", ["myproject.settings", PUBSUB])
def test_redis_reaches_every_process(tmp_path: Path, redis: RedisServer, settings: str) -> None:
    project = build(tmp_path, "channel_layers_redis")
    env = {"REDIS_URL": redis.url, "DJANGO_SETTINGS_MODULE": settings}
    with (
        servers.serve(project, env=env) as one,
        servers.serve(project, "daphne", env=env) as other,
        listening(one) as first,
        listening(other) as second,
    ):
        say(one, "hello")
        assert heard(first) == heard(second) == "hello"


def test_a_group_name_is_what_the_page_says() -> None:
    layer = BaseChannelLayer()
    assert layer.require_valid_group_name(("aZ0-_." * 17)[:99])
    for name in ("a" * 100, "the lobby", "käfer", "the/lobby"):
        with pytest.raises(TypeError):
            layer.require_valid_group_name(name)


def test_synchronous_code_sends_to_a_group_with_async_to_sync() -> None:
    layer: Any = get_channel_layer()
    async_to_sync(layer.group_send)("room", {"type": "room.said", "text": "Hello!"})


async def _hears_nothing(layer: Any, seconds: float) -> None:
    """Wait for a message that nobody sends; raise what the layer raises."""
    async with closing(layer):
        channel = await layer.new_channel()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(layer.receive(channel), seconds)


async def test_silence_for_five_seconds_fails_in_the_shortest_form_and_not_in_the_shown_ones(
    core: Callable[[], Any], pubsub: Callable[[], Any], shortest: Callable[[], Any]
) -> None:
    failed, core_waits, pubsub_waits = await asyncio.gather(
        *(_hears_nothing(make(), 6.5) for make in (shortest, core, pubsub)),
        return_exceptions=True,
    )
    assert isinstance(failed, exceptions.TimeoutError)
    assert str(failed).startswith("Timeout reading from ")
    assert core_waits is pubsub_waits is None


async def _subscribe_at_once(layer: Any, count: int) -> list[BaseException]:
    async with closing(layer):
        channels = [await layer.new_channel() for _ in range(count)]
        joins: list[Awaitable[None]] = [layer.group_add("crowd", each) for each in channels]
        results = await asyncio.gather(*joins, return_exceptions=True)
        return [each for each in results if isinstance(each, BaseException)]


async def test_a_crowd_that_subscribes_at_once_needs_the_connections(
    core: Callable[[], Any], pubsub: Callable[[], Any], shortest: Callable[[], Any]
) -> None:
    refused = await _subscribe_at_once(shortest(), 300)
    assert refused
    assert {type(each) for each in refused} == {exceptions.MaxConnectionsError}
    assert str(refused[0]) == "Too many connections"
    assert await _subscribe_at_once(core(), 300) == []
    assert await _subscribe_at_once(pubsub(), 300) == []


async def _arrived_of_a_burst(layer: Any, count: int) -> int:
    """Send `count` messages before any is received, and count what arrives."""
    async with closing(layer):
        channel = await layer.new_channel()
        await layer.group_add("burst", channel)
        for number in range(count):
            await layer.group_send("burst", {"type": "number", "number": number})
        arrived = 0
        with contextlib.suppress(asyncio.TimeoutError):
            while arrived < count:
                await asyncio.wait_for(layer.receive(channel), 1)
                arrived += 1
        return arrived


async def test_a_burst_beyond_the_capacity_is_dropped(
    core: Callable[[], Any], pubsub: Callable[[], Any], shortest: Callable[[], Any]
) -> None:
    assert await _arrived_of_a_burst(shortest(), 150) == 100
    assert await _arrived_of_a_burst(core(), 1000) == 1000
    assert await _arrived_of_a_burst(pubsub(), 1000) == 1000


async def test_a_dropped_burst_is_a_line_at_level_info(
    shortest: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "channels_redis.core"):
        await _arrived_of_a_burst(shortest(), 101)
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "channels over capacity" in caplog.text


async def test_pubsub_has_two_connections_for_a_process(
    redis: RedisServer, pubsub: Callable[[], Any]
) -> None:
    async with closing(pubsub()) as layer:
        channels = [await layer.new_channel() for _ in range(50)]
        await asyncio.gather(*(layer.group_add("crowd", each) for each in channels))
        await asyncio.gather(*(layer.group_send("crowd", {"type": "n"}) for _ in range(50)))
        clients = await layer._shards[0]._redis.client_list()
    assert len(clients) == 2
