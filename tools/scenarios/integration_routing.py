"""Record the first answers: the smallest schema behind the router, and elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.harness import clients, live, processes, projects, servers
from tools.scenarios import scenario
from tools.scenarios._integration import converse, read, words
from tools.transcripts import frames, http_exchange, json_answer

PING = read("asgi_routing/requests/ping.graphql")


@scenario("asgi_routing/recorded/ping.http.json", "asgi_routing/recorded/ping.frames")
def ping(folder: Path) -> dict[str, str]:
    """Ask the first query over both protocols."""
    project = projects.build(folder / "myproject", "settings", "asgi_routing")
    with servers.serve(project) as server:
        answer = json_answer(clients.graphql(server, PING))
        with clients.WebSocketClient.connect(server) as socket:
            converse(socket, "{ ping }")
    return {
        "asgi_routing/recorded/ping.http.json": answer,
        "asgi_routing/recorded/ping.frames": frames(socket.transcript),
    }


@scenario(
    "custom_url_pattern/recorded/api_graphql.http", "custom_url_pattern/recorded/graphql.http"
)
def custom_url_pattern(folder: Path) -> dict[str, str]:
    """Ask at the address that was chosen, and at the one that was left."""
    subjects = ("settings", "asgi_routing", "custom_url_pattern")
    project = projects.build(folder / "myproject", *subjects)
    with servers.serve(project) as server:
        found = clients.graphql(server, PING, path="/api/graphql")
        missing = clients.graphql(server, PING)
    status = f"HTTP/1.1 {missing.status_code} {missing.reason_phrase}"
    return {
        "custom_url_pattern/recorded/api_graphql.http": http_exchange(found),
        "custom_url_pattern/recorded/graphql.http": status,
    }


@scenario("running/recorded/runserver.txt")
def runserver(folder: Path) -> str:
    """Start the development server, which watches the files as it does for the reader."""
    project = projects.build(folder / "myproject", "settings", "asgi_routing")
    project.python(*words("running/shell/migrate.sh"))
    port = processes.free_port()
    command = [sys.executable, *words("running/shell/runserver.sh"), str(port)]
    env = live.environment()
    with processes.running("runserver", command, cwd=project.path, env=env) as process:
        process.wait_until(lambda: processes.accepts(port))
        return process.log()
