"""Threads and connections on PostgreSQL: counted, cut, with tenants, roles and transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from strawberry_django.realtime.conf import DEFAULTS
from tests.live.postgres import MAX_CONNECTIONS, PostgresSite, administrator, postgres
from tests.live.sites import Site, new_name
from tools.harness.clients import GRAPHQL_TRANSPORT_WS, GRAPHQL_WS, WebSocketClient

TENANTS = ("acme", "globex")
OF_ACME = {"X-Forwarded-Host": "acme.ours.example"}
OURS = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'site'"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresSite]:
    with postgres() as database:
        yield PostgresSite(tmp_path_factory.mktemp("postgres"), database)


@pytest.fixture(scope="module")
def site(project: PostgresSite) -> Iterator[Site]:
    with project.served() as served:
        for name in TENANTS:
            assert served.client().get(f"/tenant/{name}").status_code == 200
        yield served


def subscribed(
    stack: ExitStack, site: Site, query: str, path: str = "/graphql", **options: Any
) -> WebSocketClient:
    socket = stack.enter_context(WebSocketClient.connect(site.server, path=path, **options))
    socket.init()
    socket.subscribe("1", f"subscription {{ {query} }}")
    return socket


def next_texts(socket: WebSocketClient) -> Any:
    payload = socket.next_message()["payload"]
    assert "errors" not in payload, payload
    (texts,) = payload["data"].values()
    return texts


def notes_of(site: Site) -> list[str]:
    answer = site.post("{ notes }", headers=OF_ACME).json()
    texts: list[str] = answer["data"]["notes"]
    return texts


def test_what_polls_holds_no_connection(site: Site, project: PostgresSite) -> None:
    """More sockets poll than the database takes connections, and others are answered."""
    with ExitStack() as stack:
        sockets = [
            subscribed(stack, site, "notes(every: 0.2)", headers=OF_ACME)
            for _ in range(2 * MAX_CONNECTIONS)
        ]
        for _ in range(2):
            assert all(next_texts(socket) == ["of acme"] for socket in sockets)
        with administrator(project.database) as admin:
            (connections,) = admin.execute(OURS).fetchone() or (0,)
        assert 0 < connections <= DEFAULTS["max_threads"]
        assert notes_of(site) == ["of acme"]


def test_each_event_is_of_its_tenant(site: Site) -> None:
    with ExitStack() as stack:
        sockets = {
            name: subscribed(
                stack, site, "notes", headers={"X-Forwarded-Host": f"{name}.ours.example"}
            )
            for name in TENANTS
        }
        for _ in range(5):
            for name, socket in sockets.items():
                assert next_texts(socket) == [f"of {name}"]


def test_each_event_is_of_its_user_with_row_level_security(
    site: Site, project: PostgresSite
) -> None:
    with ExitStack() as stack:
        admin = stack.enter_context(administrator(project.database))
        sockets = {}
        for name in (new_name("ada"), new_name("grace")):
            client = site.client()
            row = (str(client.get(f"/enter/{name}").json()["id"]), f"of {name}")
            admin.execute("INSERT INTO shared_secret (owner, text) VALUES (%s, %s)", row)
            sockets[name] = subscribed(stack, site, "secrets", "/by-user", cookies=client)
        nobody = subscribed(stack, site, "secrets", "/by-user")
        for _ in range(5):
            for name, socket in sockets.items():
                assert next_texts(socket) == [f"of {name}"]
            assert next_texts(nobody) == []


def test_a_connection_that_the_database_has_closed_is_replaced(
    site: Site, project: PostgresSite
) -> None:
    """What nobody has used for a second is checked before it is used again."""
    with ExitStack() as stack:
        socket = subscribed(stack, site, "notes(every: 1.2)", headers=OF_ACME)
        for _ in range(3):
            assert next_texts(socket) == ["of acme"]
            with administrator(project.database) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'site'"
                )
        assert next_texts(socket) == ["of acme"]
        assert next_texts(subscribed(stack, site, "notes", headers=OF_ACME)) == ["of acme"]


def over_http(site: Site, query: str) -> Any:
    return site.post(query, headers=OF_ACME).json()


def in_a_batch(site: Site, query: str) -> Any:
    batch = [{"query": "{ notes }"}, {"query": query}]
    return site.client().post("/graphql", json=batch, headers=OF_ACME).json()[1]


def over_sse(site: Site, query: str) -> Any:
    headers = {**OF_ACME, "Accept": "text/event-stream"}
    answer = httpx.post(f"{site.url}/graphql", json={"query": query}, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    return {"errors": True} if '"errors"' in answer.text else {}


def over_websocket(subprotocol: str) -> Callable[[Site, str], Any]:
    def execute(site: Site, query: str) -> Any:
        with WebSocketClient.connect(
            site.server, headers=OF_ACME, subprotocol=subprotocol
        ) as socket:
            socket.init()
            socket.subscribe("1", query)
            return socket.next_message()["payload"]

    return execute


@pytest.fixture(scope="module")
def atomic(project: PostgresSite, site: Site) -> Iterator[Site]:
    with project.served(ATOMIC_REQUESTS=True) as served:
        yield served


@pytest.mark.parametrize(
    "execute",
    [
        over_http,
        in_a_batch,
        over_sse,
        over_websocket(GRAPHQL_TRANSPORT_WS),
        over_websocket(GRAPHQL_WS),
    ],
    ids=["http", "batch", "sse", "transport-ws", "legacy"],
)
@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ('write(text: "{0}")', 1),
        ('writeSlowly(text: "{0}")', 2),
        ('writeAndFail(text: "{0}")', 0),
        ('writeSlowly(text: "{0}") writeAndFail(text: "{0}")', 0),
        ('writeAndFail(text: "{0}") write(text: "{0}")', 0),
    ],
)
def test_a_mutation_is_done_wholly_or_not_at_all(
    atomic: Site, execute: Callable[[Site, str], Any], fields: str, kept: int
) -> None:
    text = new_name("note")
    answer = execute(atomic, f"mutation {{ {fields.format(text)} }}")
    assert ("errors" in answer) is (kept == 0)
    assert notes_of(atomic).count(text) == kept
