"""The section "Running the Server" of the reference."""

from __future__ import annotations

import httpx

from tests.guide.reference_claims import reference
from tests.guide.reference_claims.asking import over_http, over_websocket, visitor
from tools.harness.servers import Server

ADA = {"data": {"me": "Hello, ada!"}}


def answers(server: Server, cookies: httpx.Cookies) -> bool:
    """Tell whether GraphQL over HTTP and WebSocket and a page of Django are served."""
    with visitor(server, cookies) as client:
        page = client.get("/").text
    graphql = [ask(server, "{ me }", cookies) for ask in (over_http, over_websocket)]
    return "You are logged in as ada." in page and graphql == [ADA, ADA]


def started_by(server: Server) -> str:
    """Return the command that started a server, as it would be with the default port."""
    command = server.process.popen.args
    assert isinstance(command, list)
    words = [str(command[0]).rpartition("/")[2], *map(str, command[1:])]
    return " ".join(words).replace(str(server.port), "8000")


def test_runserver_uses_asgi_with_daphne_installed_and_configured(
    development: Server, ada: httpx.Cookies
) -> None:
    assert "Starting ASGI/Daphne" in development.log()
    assert answers(development, ada)
    assert (
        started_by(development)
        .replace(" --noreload 127.0.0.1:8000", "")
        .endswith(reference.COMMANDS["runserver"].removeprefix("python "))
    )
    with visitor(development) as client:
        assert client.get("/static/admin/css/base.css").status_code == httpx.codes.OK


def test_daphne_is_a_server_for_production(main: dict[str, Server], ada: httpx.Cookies) -> None:
    server = main["daphne"]
    assert started_by(server) == reference.COMMANDS["daphne"] + " -p 8000"
    assert f"Listening on TCP address 127.0.0.1:{server.port}" in server.log()
    assert answers(server, ada)


def test_uvicorn_is_a_server_for_production(main: dict[str, Server], ada: httpx.Cookies) -> None:
    server = main["uvicorn"]
    assert started_by(server) == reference.COMMANDS["uvicorn"]
    assert f"Uvicorn running on http://0.0.0.0:{server.port}" in server.log()
    assert answers(server, ada)


def test_hypercorn_is_a_server_for_production(main: dict[str, Server], ada: httpx.Cookies) -> None:
    server = main["hypercorn"]
    assert started_by(server) == reference.COMMANDS["hypercorn"]
    assert f"Running on http://0.0.0.0:{server.port}" in server.log()
    assert answers(server, ada)
