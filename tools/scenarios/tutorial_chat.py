"""Record what the tutorial shows: the first subscription, and what ada says in the lobby."""

from __future__ import annotations

from pathlib import Path

from tools import demo
from tools.harness import clients, projects, servers
from tools.scenarios import scenario
from tools.scenarios._integration import read
from tools.transcripts import frames, json_answer

COUNT = read("first_subscription/requests/count.graphql")
ME = read("chat/requests/me.graphql")
MESSAGE_ADDED = read("chat/requests/message_added.graphql")
SEND_MESSAGE = read("chat/requests/send_message.graphql")


def on_one_line(document: str) -> str:
    """Write a document as it is easier to read inside a frame."""
    return " ".join(document.split())


@scenario("first_subscription/recorded/count.frames")
def count(folder: Path) -> str:
    """Count to three, as the tutorial's first subscription does."""
    project = projects.build(folder / "project", "settings", "asgi_routing", "first_subscription")
    with servers.serve(project) as server, clients.WebSocketClient.connect(server) as socket:
        socket.init()
        socket.subscribe("1", on_one_line(COUNT))
        while socket.next_message()["type"] != "complete":
            pass
    return frames(socket.transcript)


@scenario(
    "chat/recorded/me.json",
    "chat/recorded/send_message.json",
    "chat/recorded/message_added.frames",
    "chat/recorded/anonymous.json",
)
def chat(folder: Path) -> dict[str, str]:
    """Speak and listen in the lobby of the finished chat."""
    project = demo.build(folder / "project")
    with (
        servers.serve(project) as server,
        clients.login(server, "ada", demo.USERS["ada"]) as ada,
        clients.WebSocketClient.connect(server, cookies=ada) as socket,
    ):
        answers = {
            "chat/recorded/me.json": clients.graphql(ada, ME),
            "chat/recorded/send_message.json": clients.graphql(ada, SEND_MESSAGE),
            "chat/recorded/anonymous.json": clients.graphql(server, SEND_MESSAGE),
        }
        socket.init()
        socket.subscribe("1", on_one_line(MESSAGE_ADDED))
        socket.next_message()
        clients.graphql(ada, SEND_MESSAGE).raise_for_status()
        socket.next_message()
        socket.complete("1")
    return {
        "chat/recorded/message_added.frames": frames(socket.transcript),
        **{target: json_answer(answer) for target, answer in answers.items()},
    }
