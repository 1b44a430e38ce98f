"""Record what the tutorial shows: the first subscription, and what ada says in the lobby."""

from __future__ import annotations

from pathlib import Path

from tests.guide.support import read
from tools import demo
from tools.harness import clients, projects, servers
from tools.recorded.files import Recorded, records
from tools.recorded.transcripts import frames, json_answer

COUNT = read("first_subscription/requests/count.graphql")
ME = read("chat/requests/me.graphql")
MESSAGE_ADDED = read("chat/requests/message_added.graphql")
SEND_MESSAGE = read("chat/requests/send_message.graphql")


def on_one_line(document: str) -> str:
    """Write a document as it is easier to read inside a frame."""
    return " ".join(document.split())


@records("first_subscription/recorded/count.frames")
def test_count(tmp_path: Path, recorded: Recorded) -> None:
    """Count to three, as the tutorial's first subscription does."""
    project = projects.build(tmp_path / "project", "settings", "asgi_routing", "first_subscription")
    with servers.serve(project) as server, clients.WebSocketClient.connect(server) as socket:
        socket.init()
        socket.subscribe("1", on_one_line(COUNT))
        while socket.next_message()["type"] != "complete":
            pass
    recorded(frames(socket.transcript))


@records(
    "chat/recorded/me.json",
    "chat/recorded/send_message.json",
    "chat/recorded/anonymous.json",
    "chat/recorded/message_added.frames",
)
def test_chat(tmp_path: Path, recorded: Recorded) -> None:
    """Speak and listen in the lobby of the finished chat."""
    project = demo.build(tmp_path / "project")
    with (
        servers.serve(project) as server,
        clients.login(server, "ada", demo.USERS["ada"]) as ada,
        clients.WebSocketClient.connect(server, cookies=ada) as socket,
    ):
        me = clients.graphql(ada, ME)
        sent = clients.graphql(ada, SEND_MESSAGE)
        anonymous = clients.graphql(server, SEND_MESSAGE)
        socket.init()
        socket.subscribe("1", on_one_line(MESSAGE_ADDED))
        socket.next_message()
        clients.graphql(ada, SEND_MESSAGE).raise_for_status()
        socket.next_message()
        socket.complete("1")
    recorded(*map(json_answer, (me, sent, anonymous)), frames(socket.transcript))
