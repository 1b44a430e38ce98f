"""Record how the endpoint refuses, and what a check says."""

from __future__ import annotations

from pathlib import Path

import httpx
from websockets.exceptions import InvalidStatus

from tests.guide.support import Served, login, read, words
from tools.harness import clients, projects, servers
from tools.recorded.files import Recorded, records
from tools.recorded.transcripts import http_exchange

FOREIGN = "https://foreign.example"


def refused_handshake(server: servers.Server) -> str:
    """Try a WebSocket from a page of another site and write the refusal down."""
    try:
        clients.WebSocketClient.connect(server, origin=FOREIGN)
    except InvalidStatus as error:
        answer = error.response
        body = bytes(answer.body or b"")
        headers = {"content-type": answer.headers["content-type"]}
        return http_exchange(httpx.Response(answer.status_code, headers=headers, content=body))
    raise AssertionError("a foreign origin was let in")


@records(
    "running/recorded/foreign_host.http",
    "running/recorded/foreign_origin.http",
    "running/recorded/foreign_handshake.http",
)
def test_refusals(served: Served, recorded: Recorded) -> None:
    """Come from elsewhere: by the host, by HTTP with a session, by WebSocket."""
    query = read("resolver_user/requests/me.graphql")
    server = served()
    with login(server) as ada:
        host = clients.graphql(server, query, headers={"Host": "foreign.example"})
        origin = clients.graphql(ada, query, headers={"Origin": FOREIGN})
        handshake = refused_handshake(server)
    recorded(http_exchange(host), http_exchange(origin), handshake)


@records("settings/recorded/check.txt")
def test_check(tmp_path: Path, recorded: Recorded) -> None:
    """Put daphne behind django.contrib.staticfiles and let the checks say so."""
    project = projects.build(tmp_path / "myproject", "settings", "asgi_routing")
    settings = project.path / "myproject/settings.py"
    text = settings.read_text(encoding="utf-8").replace('    "daphne",\n', "")
    moved = text.replace('    "channels",\n', '    "daphne",\n    "channels",\n')
    settings.write_text(moved, encoding="utf-8")
    done = project.python(*words("settings/shell/check.sh"))
    recorded(done.stderr.expandtabs(4))
