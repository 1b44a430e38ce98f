"""Record the first answers: the smallest schema behind the router, and elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.guide.support import converse, read, words
from tools.harness import clients, live, processes, projects, servers
from tools.recorded.files import Recorded, records
from tools.recorded.transcripts import frames, http_exchange, json_answer

PING = read("asgi_routing/requests/ping.graphql")


@records("asgi_routing/recorded/ping.http.json", "asgi_routing/recorded/ping.frames")
def test_ping(tmp_path: Path, recorded: Recorded) -> None:
    """Ask the first query over both protocols."""
    project = projects.build(tmp_path / "myproject", "settings", "asgi_routing")
    with servers.serve(project) as server:
        answer = json_answer(clients.graphql(server, PING))
        with clients.WebSocketClient.connect(server) as socket:
            converse(socket, "{ ping }")
    recorded(answer, frames(socket.transcript))


@records("custom_url_pattern/recorded/api_graphql.http", "custom_url_pattern/recorded/graphql.http")
def test_custom_url_pattern(tmp_path: Path, recorded: Recorded) -> None:
    """Ask at the address that was chosen, and at the one that was left."""
    subjects = ("settings", "asgi_routing", "custom_url_pattern")
    project = projects.build(tmp_path / "myproject", *subjects)
    with servers.serve(project) as server:
        found = clients.graphql(server, PING, path="/api/graphql")
        missing = clients.graphql(server, PING)
    status = f"HTTP/1.1 {missing.status_code} {missing.reason_phrase}"
    recorded(http_exchange(found), status)


@records("running/recorded/runserver.txt")
def test_runserver(tmp_path: Path, recorded: Recorded) -> None:
    """Start the development server, which watches the files as it does for the reader."""
    project = projects.build(tmp_path / "myproject", "settings", "asgi_routing")
    project.python(*words("running/shell/migrate.sh"))
    port = processes.free_port()
    command = [sys.executable, *words("running/shell/runserver.sh"), str(port)]
    env = live.environment()
    with processes.running("runserver", command, cwd=project.path, env=env) as process:
        process.wait_until(lambda: processes.accepts(port))
        recorded(process.log())
