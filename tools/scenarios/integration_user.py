"""Record what the resolver of the guide answers, with and without a session."""

from __future__ import annotations

from pathlib import Path

from tools.harness import clients, servers
from tools.scenarios import scenario
from tools.scenarios._integration import converse, guide_project, login, read
from tools.transcripts import frames, json_answer


def over_websocket(server: servers.Server, cookies: clients.Cookies | None = None) -> str:
    """Ask `{ me }` over a WebSocket and write the frames down."""
    with clients.WebSocketClient.connect(server, cookies=cookies) as socket:
        converse(socket, "{ me }")
    return frames(socket.transcript)


@scenario(
    "resolver_user/recorded/me.http.json",
    "resolver_user/recorded/me.frames",
    "resolver_user/recorded/anonymous.http.json",
    "resolver_user/recorded/anonymous.frames",
)
def me(folder: Path) -> dict[str, str]:
    """Ask who is there, with and without a session, over both protocols."""
    project = guide_project(folder / "myproject")
    query = read("resolver_user/requests/me.graphql")
    with servers.serve(project) as server, login(server) as ada:
        return {
            "resolver_user/recorded/me.http.json": json_answer(clients.graphql(ada, query)),
            "resolver_user/recorded/me.frames": over_websocket(server, ada),
            "resolver_user/recorded/anonymous.http.json": json_answer(
                clients.graphql(server, query)
            ),
            "resolver_user/recorded/anonymous.frames": over_websocket(server),
        }
