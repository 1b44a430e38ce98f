"""Errors: what a client is told, and what the log says."""

from __future__ import annotations

import httpx
import pytest

from tests.live.promises import expected, promise
from tests.live.sites import Site, Sites
from tools.harness.clients import WebSocketClient
from tools.harness.servers import SERVERS

hidden = promise(
    "An error of ours tells a client about our insides",
    does="`Internal server error` for what the handlers themselves meet; logged once, with the "
    "operation's name; all of it with `DEBUG` only",
    setting="`DEBUG`",
)
reasons = promise(
    "A close reason is too long for a close frame",
    does="cut to 123 bytes, at a character",
)
stop = promise(
    "The server stops",
    does="open sockets are closed with 1012 (4012 from Daphne), after which clients connect again; "
    "what `finally` says in their subscriptions is done",
)


@reasons
@expected("long-reason", "A long id that is used twice closes the socket with 4409")
def test_a_reason_fits_its_frame(site: Site) -> None:
    with site.socket() as socket:
        socket.init()
        for _ in range(2):
            name = "ü" * 200
            socket.subscribe(name, 'subscription { tick(name: "reason") }')
        assert socket.wait_closed() == 4409
        assert len((socket.close_reason or "").encode()) <= 123


@hidden
def test_a_hook_that_fails_is_an_internal_error(site: Site) -> None:
    logged = "ValueError: the secret is 4711"
    before = site.server.log().count(logged)
    with site.socket("/failing") as socket:
        socket.send({"type": "connection_init"})
        assert socket.wait_closed() in ({4500} if site.server.name == "daphne" else {1011})
        assert "4711" not in (socket.close_reason or "")
    assert site.server.log().count(logged) == before + 1


@hidden
def test_an_operation_that_fails_is_logged_once_with_its_name(uvicorn: Site) -> None:
    before = len(uvicorn.server.log())
    with uvicorn.socket("/failing-operation") as socket:
        socket.init()
        payload = {"query": "query Named { ping }", "operationName": "Named"}
        socket.send({"id": "1", "type": "subscribe", "payload": payload})
        message = socket.next_message()
        assert message["type"] == "error"
        assert [error["message"] for error in message["payload"]] == ["Internal server error"]
    log = uvicorn.server.log()[before:]
    assert log.count("The operation 'Named' failed") == 1
    assert log.count("ValueError: the secret is 4711") == 1


@hidden
def test_with_debug_the_developer_is_told(sites: Sites) -> None:
    developing = sites.get(DEBUG=True)
    with developing.socket("/failing-operation") as socket:
        socket.init()
        socket.subscribe("1", "{ ping }")
        assert "4711" in socket.next_message()["payload"][0]["message"]


@stop
@pytest.mark.parametrize("server", SERVERS)
@expected(
    "stop-code",
    "When the server stops, sockets are closed with a code after which clients come back",
)
def test_a_server_that_stops_says_so(sites: Sites, server: str) -> None:
    with sites.another(server) as site:
        sockets = [WebSocketClient.connect(site.server) for _ in range(3)]
        for each, socket in enumerate(sockets):
            socket.init()
            socket.subscribe("1", f'subscription {{ farewell(name: "socket {each}") }}')
            socket.next_message()
        site.server.process.popen.terminate()
        for socket in sockets:
            assert socket.wait_closed() == (4012 if server == "daphne" else 1012)
            socket.close()
        site.server.process.popen.wait(10)
        for each in range(3):
            assert site.server.log().count(f"Farewell, socket {each}!") == 1


@stop
def test_a_stream_that_daphne_cuts_off_ends_its_subscription(sites: Sites) -> None:
    with sites.another("daphne") as site:
        body = {"query": 'subscription { farewell(name: "stream") }'}
        headers = {"Accept": "text/event-stream"}
        with site.client().stream("POST", "/graphql", json=body, headers=headers) as answer:
            lines = answer.iter_lines()
            next(line for line in lines if "farewell" in line)
            site.server.process.popen.terminate()
            # Not the end of the answer, after which some clients would not ask again.
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                list(lines)
        site.server.process.popen.wait(10)
        assert site.server.log().count("Farewell, stream!") == 1
