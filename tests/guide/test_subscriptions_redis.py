"""Step 7 of docs/guide/subscriptions.md: two server processes and a real Redis between them."""

from __future__ import annotations

import secrets

import httpx

from tools import demo
from tools.harness import clients, projects, servers
from tools.harness.redis import RedisServer

SEND = "mutation ($room: String!, $text: String!) { sendMessage(room: $room, text: $text) { id } }"
LISTEN = "subscription ($room: String!) { messageAdded(room: $room, last: 1) { text sentAt } }"


def channel_layers(name: str) -> str:
    """Return how a snippet sets `CHANNEL_LAYERS`."""
    text = projects.as_copied(projects.SNIPPETS / name).decode()
    return text[text.index("CHANNEL_LAYERS") :].strip() + "\n"


def say(client: httpx.Client, room: str, text: str) -> None:
    answer = clients.graphql(client, SEND, {"room": room, "text": text}).json()
    assert "errors" not in answer


def heard(socket: clients.WebSocketClient) -> str:
    text: str = socket.next_message()["payload"]["data"]["messageAdded"]["text"]
    return text


def test_one_process_hears_what_is_said_through_the_other(
    chat: projects.Project, redis: RedisServer
) -> None:
    env = {"DJANGO_SETTINGS_MODULE": "myproject.settings_redis", "REDIS_URL": redis.url}
    room = secrets.token_hex(8)
    with (
        servers.serve(chat, "uvicorn", env=env) as uvicorn,
        servers.serve(chat, "daphne", env=env) as daphne,
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


def test_the_layer_is_the_one_of_the_integration_guide() -> None:
    ours = channel_layers("chat/myproject/settings_redis.py")
    assert ours == channel_layers("channel_layers_redis/myproject/settings_pubsub.py")
    assert "core.RedisChannelLayer" in channel_layers("channel_layers_redis/myproject/settings.py")
