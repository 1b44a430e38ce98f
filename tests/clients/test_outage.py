"""docs/guide/clients.md: what the guide sets lets a client try for as long as a server is away."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import node
from tests.clients.site import ADD
from tools.harness.processes import HOST

#: More than any of the clients tries by itself.
MANY = 8
SPEED = 100


class Away(socketserver.ThreadingTCPServer):
    """What reads requests and answers none, as a proxy does whose server is away."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), Request)
        self.tried = threading.Semaphore(0)


class Request(socketserver.BaseRequestHandler):
    """One connection."""

    def handle(self) -> None:
        """Count what is asked, and answer nothing."""
        assert isinstance(self.server, Away)
        if self.request.recv(65536):
            self.server.tried.release()


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
    url = f"http://{HOST}:{away.server_address[1]}"
    with node.page(modules, url, {}, SPEED) as page:
        number = page.do("listen", f"{client}.js", document=ADD, variables={"room": "lobby"})
        for times in range(MANY):
            assert away.tried.acquire(timeout=node.SECONDS), (times, page.events)
        assert page.of(number) == []
