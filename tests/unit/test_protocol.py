"""The words of the two protocols, and the shape of their messages."""

from __future__ import annotations

from typing import Any

import pytest

from strawberry_django.realtime.protocol import (
    MAX_CLOSE_REASON_BYTES,
    CloseCode,
    fit_close_reason,
    legacy_ws_problem,
    operation_problem,
    transport_ws_problem,
)

QUERY = {"query": "{ hello }"}
NO_OBJECTS: list[Any] = [None, 1, 1.5, True, "text", [], [QUERY]]
NO_STRINGS: list[Any] = [None, 1, [], {}, ["ping"]]
NO_IDS: list[Any] = [None, "", 1, True, [], ["1"], {}]


@pytest.mark.parametrize("reason", ["", "Forbidden", "x" * 123, "é" * 61])
def test_a_close_reason_that_fits_stays(reason: str) -> None:
    assert fit_close_reason(reason) == reason


@pytest.mark.parametrize("reason", ["x" * 124, "é" * 62, "日本語" * 50, "🦄" * 40, "\ud800" * 200])
def test_a_longer_close_reason_is_cut_at_a_character(reason: str) -> None:
    fitted = fit_close_reason(reason)
    assert fitted.endswith("...")
    assert MAX_CLOSE_REASON_BYTES - 3 <= len(fitted.encode()) <= MAX_CLOSE_REASON_BYTES
    assert reason.encode("utf-8", "replace").decode().startswith(fitted[:-3])


def test_half_of_a_surrogate_pair_can_be_a_close_reason() -> None:
    assert fit_close_reason("Unknown \ud800") == "Unknown ?"


def test_the_close_codes_are_those_of_the_protocol_and_of_websocket() -> None:
    websocket = {1000, 1002, 1009, 1011, 1012}
    assert set(CloseCode) == websocket | {*(4012, 4400, 4401, 4403, 4406, 4408, 4409, 4429, 4500)}


@pytest.mark.parametrize(
    "payload",
    [
        QUERY,
        {**QUERY, "operationName": None, "variables": None, "extensions": None},
        {**QUERY, "operationName": "Hello", "variables": {"a": 1}, "extensions": {"b": []}},
        {**QUERY, "unknown": 1},
        {"query": ""},
    ],
)
def test_the_parameters_of_an_operation(payload: Any) -> None:
    assert operation_problem(payload) is None


@pytest.mark.parametrize("payload", NO_OBJECTS)
def test_the_parameters_of_an_operation_are_an_object(payload: Any) -> None:
    assert operation_problem(payload) == "expected an object with a 'query'"


@pytest.mark.parametrize(
    ("parameter", "value", "problem"),
    [
        ("query", None, "'query' must be a string"),
        ("query", 1, "'query' must be a string"),
        ("query", ["{ hello }"], "'query' must be a string"),
        ("operationName", 1, "'operationName' must be a string or null"),
        ("operationName", {}, "'operationName' must be a string or null"),
        ("variables", [], "'variables' must be an object or null"),
        ("variables", "{}", "'variables' must be an object or null"),
        ("extensions", 1, "'extensions' must be an object or null"),
    ],
)
def test_a_parameter_of_another_type_is_named(parameter: str, value: Any, problem: str) -> None:
    assert operation_problem({**QUERY, parameter: value}) == problem


def test_a_query_may_be_left_out_only_where_an_extension_finds_it() -> None:
    assert operation_problem({"extensions": {}}) == "'query' must be a string"
    assert operation_problem({"extensions": {}}, query_optional=True) is None
    assert operation_problem({"extensions": {"persistedQuery": {}}}) is None
    assert operation_problem({"extensions": {"persistedQuery": 1}}) == "'query' must be a string"
    assert operation_problem({"query": 1}, query_optional=True) == "'query' must be a string"


@pytest.mark.parametrize(
    "message",
    [
        *({"type": kind} for kind in ("connection_init", "ping", "pong")),
        *({"type": kind, "payload": None} for kind in ("connection_init", "ping", "pong")),
        {"type": "connection_init", "payload": {"token": "abc"}},
        {"type": "subscribe", "id": "1", "payload": QUERY},
        {"type": "complete", "id": "1"},
    ],
)
def test_a_message_of_graphql_transport_ws(message: Any) -> None:
    assert transport_ws_problem(message) is None


@pytest.mark.parametrize("message", NO_OBJECTS)
def test_a_message_of_graphql_transport_ws_is_an_object(message: Any) -> None:
    assert transport_ws_problem(message) == "Invalid message: expected an object"


@pytest.mark.parametrize("kind", NO_STRINGS)
def test_the_type_of_a_message_is_a_string(kind: Any) -> None:
    assert transport_ws_problem({"type": kind}) == "Invalid message: 'type' must be a string"
    assert transport_ws_problem({}) == "Invalid message: 'type' must be a string"


@pytest.mark.parametrize("kind", ["connection_init", "ping", "pong"])
@pytest.mark.parametrize("payload", [[], "text", 1, False])
def test_a_payload_is_an_object(kind: str, payload: Any) -> None:
    problem = transport_ws_problem({"type": kind, "payload": payload})
    assert problem == f"Invalid {kind} message: 'payload' must be an object"


@pytest.mark.parametrize("kind", ["subscribe", "complete"])
@pytest.mark.parametrize("id", NO_IDS)
def test_an_id_is_a_string_with_something_in_it(kind: str, id: Any) -> None:
    problem = transport_ws_problem({"type": kind, "id": id, "payload": QUERY})
    assert problem == f"Invalid {kind} message: 'id' must be a non-empty string"


@pytest.mark.parametrize("payload", [*NO_OBJECTS, {}, {"query": None}])
def test_a_subscribe_message_has_the_parameters_of_an_operation(payload: Any) -> None:
    problem = transport_ws_problem({"type": "subscribe", "id": "1", "payload": payload})
    assert problem is not None
    assert problem.startswith("Invalid subscribe message: ")


@pytest.mark.parametrize("kind", ["", "next", "connection_ack", "handle_subscribe"])
def test_an_unknown_message_is_named(kind: str) -> None:
    assert transport_ws_problem({"type": kind}) == f"Unknown message type: {kind}"


@pytest.mark.parametrize("kind", ["start", "stop", "connection_terminate"])
def test_a_message_of_the_legacy_protocol_is_told_apart(kind: str) -> None:
    problem = transport_ws_problem({"type": kind, "id": "1"})
    told = f"{kind} is legacy graphql-ws: this socket speaks graphql-transport-ws"
    assert problem == fit_close_reason(told) == told


@pytest.mark.parametrize(
    "message",
    [
        {"type": "connection_init"},
        {"type": "connection_init", "payload": {"token": "abc"}},
        {"type": "connection_terminate"},
        {"type": "start", "id": "1", "payload": QUERY},
        {"type": "stop", "id": "1"},
        {"type": "subscribe"},  # It is answered, see `tests/unit/websocket`.
    ],
)
def test_a_message_of_the_legacy_protocol(message: Any) -> None:
    assert legacy_ws_problem(message) is None


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        *((message, "Invalid message: expected an object") for message in NO_OBJECTS),
        *(
            ({"type": "start", "id": wrong, "payload": QUERY}, "Invalid start message: 'id'")
            for wrong in NO_IDS
        ),
        *(({"type": "stop", "id": wrong}, "Invalid stop message: 'id'") for wrong in NO_IDS),
        ({"type": "start", "id": "1"}, "Invalid start message: expected an object"),
        ({"type": "start", "id": "1", "payload": {}}, "Invalid start message: 'query'"),
        *(({"type": kind}, "Invalid message: 'type'") for kind in NO_STRINGS),
        ({}, "Invalid message: 'type'"),
    ],
)
def test_what_is_wrong_with_a_message_of_the_legacy_protocol(message: Any, problem: str) -> None:
    found = legacy_ws_problem(message)
    assert found is not None
    assert found.startswith(problem)
