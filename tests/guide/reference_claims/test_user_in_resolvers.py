"""The section "Accessing User in Resolvers" of the reference, over every transport."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.guide.reference_claims import reference
from tests.guide.reference_claims.asking import over_http, over_multipart, over_websocket
from tests.guide.reference_claims.reference_project import PASSWORD
from tools.harness import clients
from tools.harness.clients import GRAPHQL_TRANSPORT_WS, GRAPHQL_WS, WebSocketClient
from tools.harness.projects import Project
from tools.harness.servers import SERVERS, Server

SUBPROTOCOL_NOT_ACCEPTABLE = 4406
TRANSPORTS = ("http", GRAPHQL_TRANSPORT_WS, GRAPHQL_WS, "multipart")


@dataclass(frozen=True)
class Greeter:
    """One transport of one server; the legacy subprotocol is on where it was switched on."""

    transport: str
    server: Server

    def greet(self, cookies: httpx.Cookies | None = None) -> Any:
        """Return what the resolver of the reference says."""
        if self.transport == "http":
            answer = over_http(self.server, "{ me }", cookies)
        elif self.transport == "multipart":
            with over_multipart(self.server, "subscription { me }", cookies) as parts:
                (answer,) = parts
        else:
            answer = over_websocket(self.server, "{ me }", cookies, subprotocol=self.transport)
        return answer["data"]["me"]


@pytest.fixture(params=[(name, transport) for name in SERVERS for transport in TRANSPORTS])
def greeter(
    request: pytest.FixtureRequest, main: dict[str, Server], with_options: dict[str, Server]
) -> Greeter:
    """Each transport on each server."""
    name, transport = request.param
    return Greeter(transport, (with_options if transport == GRAPHQL_WS else main)[name])


@contextlib.contextmanager
def database(home: Project) -> Iterator[sqlite3.Connection]:
    """The project's database, as an administrator reaches it."""
    with contextlib.closing(sqlite3.connect(home.path / "db.sqlite3")) as connection, connection:
        yield connection


@pytest.fixture(scope="module")
def inactive(home: Project, main: dict[str, Server]) -> Iterator[httpx.Cookies]:
    """The session of a user who logged in, and was then deactivated."""
    with clients.login(main["uvicorn"], "grace", PASSWORD) as client, database(home) as connection:
        connection.execute("UPDATE auth_user SET is_active = 0 WHERE username = 'grace'")
    yield client.cookies
    with database(home) as connection:
        connection.execute("UPDATE auth_user SET is_active = 1 WHERE username = 'grace'")


@pytest.fixture(scope="module")
def expired(home: Project, main: dict[str, Server]) -> httpx.Cookies:
    """A session that was begun long ago."""
    with clients.login(main["uvicorn"], "ada", PASSWORD) as client, database(home) as connection:
        connection.execute(
            "UPDATE django_session SET expire_date = '2001-01-01' WHERE session_key = ?",
            [client.cookies["sessionid"]],
        )
    return client.cookies


def test_the_authenticated_user_can_be_accessed(home: Project, server: Server) -> None:
    schema = (home.path / "myproject/schema.py").read_text(encoding="utf-8")
    assert schema.startswith(reference.RESOLVER)
    with clients.login(server, "ada", PASSWORD) as ada:
        assert clients.graphql(ada, "{ me }").json() == {"data": {"me": "Hello, ada!"}}
    with WebSocketClient.connect(server, subprotocol=GRAPHQL_WS) as legacy:
        assert legacy.wait_closed() == SUBPROTOCOL_NOT_ACCEPTABLE


def test_is_authenticated_is_false_for_an_inactive_user_and_an_expired_session(
    greeter: Greeter, inactive: httpx.Cookies, expired: httpx.Cookies
) -> None:
    assert greeter.greet(inactive) == greeter.greet(expired) == "Hello, anonymous!"


def test_the_resolver_greets_who_is_logged_in_by_username(
    greeter: Greeter, ada: httpx.Cookies
) -> None:
    assert greeter.greet(ada) == "Hello, ada!"


def test_the_resolver_greets_everybody_else_as_anonymous(greeter: Greeter) -> None:
    assert greeter.greet() == "Hello, anonymous!"
