"""Persisted queries: the client sends a hash, and an extension of the schema finds the document."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from tests.live.promises import promise
from tests.live.sites import Site, new_name
from tools.harness.clients import GRAPHQL_TRANSPORT_WS, GRAPHQL_WS, WebSocketClient

PONG = {"data": {"ping": "pong"}}
COUNT = "subscription { count(to: 2) }"

persisted = promise(
    "A client sends the hash of a query in place of it",
    does="an extension of the schema finds the query, over every transport",
)
batched = promise(
    "A batch holds what cannot be executed",
    does="400 before any of its operations is executed",
)


def named(query: str) -> dict[str, Any]:
    digest = sha256(query.encode()).hexdigest()
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}


@persisted
def test_over_http_and_in_streams(site: Site) -> None:
    client, query = site.client(), f"query {new_name('ping').replace('-', '_')} {{ ping }}"
    parameters = {"extensions": json.dumps(named(query)["extensions"])}
    missing = client.get("/graphql", params=parameters).json()
    assert missing["errors"][0]["message"] == "PersistedQueryNotFound"
    for each in (query, COUNT):
        client.post(
            "/graphql",
            json={**named(each), "query": each},
            headers={"Accept": "text/event-stream"},
        )
    assert client.get("/graphql", params=parameters).json() == PONG
    assert client.post("/graphql", json={**named(query), "query": ""}).json() == PONG
    for accept in (
        "text/event-stream",
        "multipart/mixed;subscriptionSpec=1.0, application/json",
        "application/json, text/event-stream",
    ):
        answer = client.post("/graphql", json=named(COUNT), headers={"Accept": accept})
        assert '{"data":{"count":2}}' in answer.text


@persisted
@pytest.mark.parametrize(
    ("path", "subprotocol"), [("/graphql", GRAPHQL_TRANSPORT_WS), ("/legacy", GRAPHQL_WS)]
)
def test_over_websocket(site: Site, path: str, subprotocol: str) -> None:
    site.client().post("/graphql", json={**named("{ ping }"), "query": "{ ping }"})
    kind = "start" if subprotocol == GRAPHQL_WS else "subscribe"

    def ask(socket: WebSocketClient, payload: dict[str, Any]) -> Any:
        socket.send({"id": "1", "type": kind, "payload": payload})
        message = socket.next_message()
        if message["type"] in {"next", "data"}:
            assert socket.next_message()["type"] == "complete"
        return message["payload"]

    with site.socket(path, subprotocol=subprotocol) as socket:
        socket.init()
        for payload in (named("{ ping }"), {**named("{ ping }"), "query": ""}):
            assert ask(socket, payload) == PONG
        assert "PersistedQueryNotFound" in json.dumps(ask(socket, named(new_name("unknown"))))
        socket.send({"id": "1", "type": kind, "payload": {"extensions": {}}})
        assert socket.wait_closed() in {4400, 1002}


@batched
def test_a_batch_that_is_refused_has_done_nothing(uvicorn: Site) -> None:
    name = new_name("touched")
    touch = {"query": f'mutation {{ touch(name: "{name}") }}'}
    for refused in ({"query": COUNT}, {"query": ""}, {"query": "{ ping }", "operationName": "X"}):
        answer = uvicorn.client().post("/graphql", json=[touch, refused])
        assert answer.status_code == 400, answer.text
    assert name not in uvicorn.report()["resolved"]
    assert uvicorn.client().post("/graphql", json=[touch]).json() == [{"data": {"touch": 1}}]
