"""Step 7 of docs/guide/subscriptions.md: two server processes and a real Redis between them."""

from __future__ import annotations

import secrets
import shutil

import httpx
import pytest

from tools import demo
from tools.harness import clients, projects, servers
from tools.harness.redis import RedisServer

SEND = "mutation ($room: String!, $text: String!) { sendMessage(room: $room, text: $text) { id } }"
LISTEN = "subscription ($room: String!) { messageAdded(room: $room, last: 1) { text sentAt } }"
LAYERS = ("settings_redis", "settings_core")


def channel_layers(name: str) -> str:
    """Return how a snippet sets `CHANNEL_LAYERS`."""
    text = projects.as_copied(projects.SNIPPETS / name).decode()
    return text[text.index("CHANNEL_LAYERS") :].strip() + "\n"


@pytest.fixture(scope="module")
def project(chat: projects.Project, tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    """The chat, and beside its settings some with the other layer of the integration guide."""
    project = projects.Project(tmp_path_factory.mktemp("redis") / "project")
    shutil.copytree(chat.path, project.path)
    core = channel_layers("channel_layers_redis/myproject/settings.py")
    (project.path / "myproject/settings_core.py").write_text(
        f"import os\nfrom myproject.settings import *\n{core}"
    )
    return project


def say(client: httpx.Client, room: str, text: str) -> None:
    answer = clients.graphql(client, SEND, {"room": room, "text": text}).json()
    assert "errors" not in answer


def heard(socket: clients.WebSocketClient) -> str:
    text: str = socket.next_message()["payload"]["data"]["messageAdded"]["text"]
    return text


@pytest.mark.parametrize("layer", LAYERS)
def test_one_process_hears_what_is_said_through_the_other(
    project: projects.Project, redis: RedisServer, layer: str
) -> None:
    env = {"DJANGO_SETTINGS_MODULE": f"myproject.{layer}", "REDIS_URL": redis.url}
    room = secrets.token_hex(8)
    with (
        servers.serve(project, "uvicorn", env=env) as uvicorn,
        servers.serve(project, "daphne", env=env) as daphne,
        clients.login(uvicorn, "ada", demo.USERS["ada"]) as ada,
        clients.login(daphne, "grace", demo.USERS["grace"]) as grace,
        clients.WebSocketClient.connect(uvicorn, cookies=ada) as ear_of_ada,
        clients.WebSocketClient.connect(daphne, cookies=grace) as ear_of_grace,
    ):
        say(ada, room, "First")
        for socket in (ear_of_ada, ear_of_grace):
            socket.init()
            socket.subscribe("1", LISTEN, {"room": room})
            assert heard(socket) == "First"
        for client, text in ((ada, "Hello, Grace!"), (grace, "Hello, Ada!")):
            say(client, room, text)
            assert heard(ear_of_ada) == heard(ear_of_grace) == text
        for server in (uvicorn, daphne):
            assert "Traceback" not in server.log()


def test_the_in_memory_layer_ends_at_the_border_of_its_process(project: projects.Project) -> None:
    room = secrets.token_hex(8)
    with (
        servers.serve(project) as first,
        servers.serve(project) as second,
        clients.login(first, "ada", demo.USERS["ada"]) as ada,
        clients.WebSocketClient.connect(second, cookies=ada) as socket,
    ):
        say(ada, room, "First")
        socket.init()
        socket.subscribe("1", LISTEN, {"room": room})
        assert heard(socket) == "First"
        say(ada, room, "Into the void")
        with clients.login(second, "grace", demo.USERS["grace"]) as grace:
            say(grace, room, "From next door")
        assert heard(socket) == "From next door"


def test_the_layer_is_the_one_of_the_integration_guide() -> None:
    ours = channel_layers("chat/myproject/settings_redis.py")
    assert ours == channel_layers("channel_layers_redis/myproject/settings_pubsub.py")
    assert "core.RedisChannelLayer" in channel_layers("channel_layers_redis/myproject/settings.py")
