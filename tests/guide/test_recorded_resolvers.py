"""Record what the resolvers of the guide answer: who is there, and what a loader finds."""

from __future__ import annotations

from pathlib import Path

from tests.guide.support import Served, converse, guide_project, login, read
from tools.harness import clients, servers
from tools.recorded.files import Recorded, records
from tools.recorded.transcripts import frames, json_answer


def over_websocket(server: servers.Server, cookies: clients.Cookies | None = None) -> str:
    """Ask `{ me }` over a WebSocket and write the frames down."""
    with clients.WebSocketClient.connect(server, cookies=cookies) as socket:
        converse(socket, "{ me }")
    return frames(socket.transcript)


@records(
    "resolver_user/recorded/me.http.json",
    "resolver_user/recorded/me.frames",
    "resolver_user/recorded/anonymous.http.json",
    "resolver_user/recorded/anonymous.frames",
)
def test_me(served: Served, recorded: Recorded) -> None:
    """Ask who is there, with and without a session, over both protocols."""
    query = read("resolver_user/requests/me.graphql")
    server = served()
    with login(server) as ada:
        recorded(
            json_answer(clients.graphql(ada, query)),
            over_websocket(server, ada),
            json_answer(clients.graphql(server, query)),
            over_websocket(server),
        )


@records("custom_context/recorded/usernames.http.json")
def test_usernames(tmp_path: Path, recorded: Recorded) -> None:
    """Ask for three users, one of whom does not exist."""
    project = guide_project(tmp_path / "myproject", "custom_context")
    project.create_user("grace", "a-nanosecond-of-wire")
    with servers.serve(project) as server:
        query = read("custom_context/requests/usernames.graphql")
        recorded(json_answer(clients.graphql(server, query)))
