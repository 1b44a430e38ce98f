"""docs/guide/clients.md: what the guide sets lets a client try for as long as a server is away.

It tries subscriptions: what changes something is not asked twice.
"""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.clients import node
from tests.live.clients.gql_client import Listener
from tests.live.clients.site import ADD, SEND
from tools.harness.processes import HOST

#: More than any of the clients tries by itself.
MANY = 8
SPEED = 100
#: Enough for waits that double to be longer than any limit.
DOUBLED = 12
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


class Away(socketserver.ThreadingTCPServer):
    """What reads requests and answers none, as a proxy does whose server is away."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), Request)
        self.tried = threading.Semaphore(0)
        self.answer = b""

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self.server_address[1]}"


class Request(socketserver.BaseRequestHandler):
    """One connection."""

    def handle(self) -> None:
        """Count what is asked, and answer nothing, or what is set."""
        assert isinstance(self.server, Away)
        if self.request.recv(65536):
            self.server.tried.release()
            self.request.sendall(self.server.answer)


@pytest.fixture
def away() -> Iterator[Away]:
    with Away() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("client", [name for name in node.CLIENTS if name != "graphql_sse"])
def test_it_never_gives_up(client: str, modules: Path, away: Away) -> None:
    with node.page(modules, away.url, {}, SPEED) as page:
        number = page.do("listen", f"{client}.js", document=ADD, variables={"room": "lobby"})
        for times in range(MANY):
            assert away.tried.acquire(timeout=node.SECONDS), (times, page.events)
        assert page.of(number) == []


@pytest.mark.parametrize("client", ["apollo", "apollo_http", "urql", "urql_http"])
def test_a_mutation_is_asked_once(client: str, modules: Path, away: Away) -> None:
    with node.page(modules, away.url, {}, SPEED) as page:
        message = {"room": "lobby", "text": "Hello!"}
        page.fails(page.do("mutate", f"{client}.js", document=SEND, variables=message))
    assert away.tried.acquire(blocking=False)
    assert not away.tried.acquire(blocking=False)


def test_apollo_takes_a_refusal_for_an_answer(modules: Path, away: Away) -> None:
    away.answer = FORBIDDEN
    with node.page(modules, away.url, {}, SPEED) as page:
        number = page.do("listen", "apollo_http.js", document=ADD, variables={"room": "lobby"})
        assert page.fails(number)["status"] == 403
    assert away.tried.acquire(blocking=False)
    assert not away.tried.acquire(blocking=False)


def test_apollo_waits_no_longer_than_it_is_told(modules: Path, away: Away) -> None:
    with node.page(modules, away.url, {}, SPEED) as page:
        page.do("listen", "apollo_http.js", document=ADD, variables={"room": "lobby"})
        for times in range(DOUBLED):
            assert away.tried.acquire(timeout=node.SECONDS), (times, page.events)
        assert page.ask("longest")["payload"] <= 3000


def test_gql_tries_once_a_second(away: Away) -> None:
    with contextlib.closing(Listener(away.url, {}, "lobby")):
        tried = []
        for _ in range(3):
            assert away.tried.acquire(timeout=node.SECONDS)
            tried.append(time.monotonic())
    assert tried[-1] - tried[0] > 1.8
