"""The page docs/guide/scaling.md: several processes, what stands in front, and what is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from strawberry_django.realtime import ChannelLayerError, Topic
from tests.guide.support import environment, read, script
from tests.support import until
from tools import demo
from tools.harness import clients, processes, projects, servers
from tools.harness.redis import RedisServer

LISTEN = "subscription ($room: String!) { messageAdded(room: $room) { text } }"
SEND = "mutation ($room: String!, $text: String!) { sendMessage(room: $room, text: $text) { id } }"
LAYERS = {
    "pubsub": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"},
    "core": {"BACKEND": "channels_redis.core.RedisChannelLayer"},
}
texts = Topic("tests.scaling", str)
#: Debian has it where only root looks.
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


def use(settings: Any, redis: RedisServer, layer: str = "pubsub") -> None:
    hosts: list[Any] = [redis.url]
    if layer == "core":
        hosts = [{"address": redis.url, "socket_timeout": 15, "max_connections": 100}]
    settings.CHANNEL_LAYERS = {"default": {**LAYERS[layer], "CONFIG": {"hosts": hosts}}}


def listen(server: servers.Server, cookies: Any, room: str) -> clients.WebSocketClient:
    socket = clients.WebSocketClient.connect(server, cookies=cookies)
    socket.init()
    payload = {"query": LISTEN, "variables": {"room": room}, "extensions": {"confirm": True}}
    socket.send({"id": "1", "type": "subscribe", "payload": payload})
    assert socket.next_message() == {"type": "ping", "payload": {"subscribed": "1"}}
    return socket


def heard(socket: clients.WebSocketClient) -> str:
    text: str = socket.next_message()["payload"]["data"]["messageAdded"]["text"]
    return text


@contextlib.contextmanager
def started(
    project: projects.Project, command: str, port: int, redis: RedisServer
) -> Iterator[Any]:
    """Run a command of the page, until it listens."""
    env = {
        **environment(),
        "DJANGO_SETTINGS_MODULE": "myproject.settings_redis",
        "REDIS_URL": redis.url,
    }
    with processes.running(
        "server", ["sh", "-eu", "-c", command], cwd=project.path, env=env
    ) as process:
        process.wait_until(partial(processes.accepts, port))
        yield servers.Server("server", port, process)


@pytest.mark.skipif(not (NGINX or os.environ.get("CI")), reason="NOT TESTED, no nginx")
def test_nginx_spreads_the_sockets_over_two_daphnes(
    chat: projects.Project, redis: RedisServer, tmp_path: Path
) -> None:
    port, one, two = (processes.free_port() for _ in range(3))
    ports = {"listen 80": f"listen 127.0.0.1:{port}", ":8001": f":{one}", ":8002": f":{two}"}
    site = script("scaling/nginx.conf", ports)
    paths = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = f"pid {tmp_path}/pid; daemon off; error_log stderr; events {{}}\n"
    config += f"http {{ access_log off;\n{paths}{site}}}\n"
    (tmp_path / "nginx.conf").write_text(config, encoding="utf-8")
    first, second = script(
        "scaling/shell/daphne.sh", {"8001": str(one), "8002": str(two)}
    ).splitlines()
    nginx = f"exec {NGINX} -c {tmp_path}/nginx.conf -p {tmp_path}"
    with (
        started(chat, f"exec {first}", one, redis),
        started(chat, f"exec {second}", two, redis),
        started(chat, nginx, port, redis) as proxy,
        clients.login(proxy, "ada", demo.USERS["ada"]) as ada,
        contextlib.ExitStack() as stack,
    ):
        room = secrets.token_hex(8)
        sockets = [stack.enter_context(listen(proxy, ada, room)) for _ in range(4)]
        clients.graphql(ada, SEND, {"room": room, "text": "Hello!"}).raise_for_status()
        assert [heard(socket) for socket in sockets] == ["Hello!"] * 4
        for upstream in (one, two):
            numbers = Path("/proc/net/tcp").read_text(encoding="utf-8")
            assert numbers.count(f":{upstream:04X} 01") >= 2, "both have sockets"


def test_a_publisher_in_another_process_reaches_the_workers(
    chat: projects.Project, redis: RedisServer, settings: Any
) -> None:
    @dataclass
    class Message:
        id: str
        author: str
        text: str
        sent_at: str

    use(settings, redis)
    port, room = processes.free_port(), secrets.token_hex(8)
    command = script("scaling/shell/uvicorn.sh", {"8000": str(port), "0.0.0.0": "127.0.0.1"})
    with (
        started(chat, f"exec {command}", port, redis) as server,
        clients.login(server, "ada", demo.USERS["ada"]) as ada,
        listen(server, ada, room) as socket,
    ):
        message = Message("1", "a worker", "Hello!", "2026-01-05T09:30:00+00:00")
        Topic("chat.messages", Message).publish_sync(message, room=room)
        assert heard(socket) == "Hello!"


def test_threads_that_publish_share_one_connection(redis: RedisServer, settings: Any) -> None:
    use(settings, redis)
    with Redis.from_url(redis.url) as asking:
        before = {client["id"] for client in asking.client_list()}
        publish = partial(texts.publish_sync, "event", room="lobby")
        threads = [threading.Thread(target=publish) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        after = {client["id"] for client in asking.client_list()}
        assert len(after - before) == 1


async def test_a_process_subscribes_once_for_a_topic_and_its_keys(
    redis: RedisServer, settings: Any
) -> None:
    use(settings, redis)
    with Redis.from_url(redis.url) as asking:
        async with texts.subscribe(room="lobby"):
            channels = asking.pubsub_channels()
            async with texts.subscribe(room="lobby"), texts.subscribe(room="lobby"):
                assert asking.pubsub_channels() == channels
                assert {number for _, number in asking.pubsub_numsub(*channels)} == {1}


@pytest.mark.parametrize("layer", ["core", "pubsub"])
async def test_what_is_lost_while_redis_is_away(
    redis: RedisServer, settings: Any, layer: str
) -> None:
    use(settings, redis, layer)
    async with texts.subscribe(room="lobby") as events:
        await texts.publish("before", room="lobby")
        assert await anext(events) == "before"
        redis.stop()
        coming = asyncio.ensure_future(anext(events))
        with pytest.raises(ChannelLayerError):
            await texts.publish("meanwhile", room="lobby")
        if layer == "core":
            with pytest.raises(ChannelLayerError, match="Subscribe again"):
                await coming
        redis.start()
        if layer == "core":
            return
        with Redis.from_url(redis.url) as asking:
            await until(lambda: len(asking.pubsub_channels()) > 1)
        with contextlib.suppress(ChannelLayerError):  # By a connection of before.
            await texts.publish("again", room="lobby")
        await texts.publish("again", room="lobby")
        assert await coming == "again"


def test_the_packages_that_make_it_faster() -> None:
    words = read("scaling/shell/fast.sh").replace('"', "").split()
    assert words[3:] == ["install", "uvicorn[standard]", "strawberry-django-channels[redis,fast]"]
