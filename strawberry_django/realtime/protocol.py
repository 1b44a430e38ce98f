"""The words of the two protocols: subprotocol names, close codes, the shape of a message.

Ground: imports nothing of its siblings. Sources: the graphql-transport-ws
protocol (`PROTOCOL.md` of graphql-ws) and RFC 6455.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from strawberry.subscriptions import (
    GRAPHQL_SSE_PROTOCOL,
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    GRAPHQL_WS_PROTOCOL,
    MULTIPART_SUBSCRIPTION_PROTOCOL,
)
from strawberry.types.execution import ExecutionResult, PreExecutionError

#: The longest reason that fits into a close frame, in bytes (RFC 6455, section 5.5).
MAX_CLOSE_REASON_BYTES = 123

#: The reason of `CloseCode.SERVICE_RESTART`.
RESTARTING = "The server is restarting"


class CloseCode(IntEnum):
    """Why a socket was closed by the server."""

    NORMAL = 1000
    """The connection is over, and nothing went wrong."""
    PROTOCOL_ERROR = 1002
    """A message of the legacy subprotocol is malformed."""
    MESSAGE_TOO_BIG = 1009
    """A message is longer than `max_message_size`."""
    INTERNAL_ERROR = 1011
    """The server failed; its log says why."""
    SERVICE_RESTART = 1012
    """The server stops: connect again."""
    RESTARTING = 4012
    """As 1012, from Daphne, which cannot send that."""
    BAD_MESSAGE = 4400
    """A message is malformed; from Daphne, also for 1002 and 1009."""
    UNAUTHORIZED = 4401
    """An operation came before `connection_init`, or the session has ended."""
    FORBIDDEN = 4403
    """The connection is refused."""
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    """The client offers no subprotocol that is in `subscription_protocols`."""
    TIMEOUT = 4408
    """`connection_init` or a pong did not come in time, or the socket was open too long."""
    DUPLICATE_OPERATION = 4409
    """The id of an operation is that of one under way."""
    TOO_MANY_REQUESTS = 4429
    """More than a limit allows: sockets, messages, `connection_init`, or unread answers."""
    INTERNAL_SERVER_ERROR = 4500
    """As 1011, from Daphne, which cannot send that."""


#: What stands for a code where the server sends none but 1000 and 3000 to 4999
#: (Daphne). To the graphql-ws client 4400 and 4500 are fatal, and 4012 is not.
SUBSTITUTES = {
    CloseCode.PROTOCOL_ERROR: CloseCode.BAD_MESSAGE,
    CloseCode.MESSAGE_TOO_BIG: CloseCode.BAD_MESSAGE,
    CloseCode.INTERNAL_ERROR: CloseCode.INTERNAL_SERVER_ERROR,
    CloseCode.SERVICE_RESTART: CloseCode.RESTARTING,
}


def fit_close_reason(reason: str) -> str:
    """Return `reason`, cut to what a close frame can carry.

    A longer reason makes servers send 1006 in place of the code, so that the
    client never learns why. The cut is at a character boundary.
    """
    encoded = reason.encode("utf-8", "replace")
    if len(encoded) <= MAX_CLOSE_REASON_BYTES:
        return encoded.decode()
    return encoded[: MAX_CLOSE_REASON_BYTES - 3].decode("utf-8", "ignore") + "..."


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_object_or_absent(value: object) -> bool:
    return value is None or isinstance(value, dict)


def _is_text_or_absent(value: object) -> bool:
    return value is None or isinstance(value, str)


def names_persisted_query(extensions: object) -> bool:
    """Tell whether an operation names a document that the server is to find (persisted queries).

    Source: Apollo's "Automatic persisted queries", which urql follows.
    """
    return isinstance(extensions, dict) and isinstance(extensions.get("persistedQuery"), dict)


def operation_problem(payload: object, *, query_optional: bool = False) -> str | None:
    """Say what is wrong with the parameters of an operation, if anything is.

    They have one shape on every transport (GraphQL over HTTP, section "Request
    parameters"): `query` a string; `operationName` a string, `variables` and
    `extensions` objects, each of these three null or absent as well.

    Args:
        payload: what the client sent.
        query_optional: let `query` be missing, for an extension that finds it
            elsewhere. It may be missing in any case where the request names a
            persisted query: clients send an empty one, or none.
    """
    if not isinstance(payload, dict):
        return "expected an object with a 'query'"
    query = payload.get("query")
    query_optional = query_optional or names_persisted_query(payload.get("extensions"))
    if not (isinstance(query, str) or (query_optional and query is None)):
        return "'query' must be a string"
    if not _is_text_or_absent(payload.get("operationName")):
        return "'operationName' must be a string or null"
    for name in ("variables", "extensions"):
        if not _is_object_or_absent(payload.get(name)):
            return f"'{name}' must be an object or null"
    return None


def transport_ws_problem(message: Any) -> str | None:
    """Say what is wrong with a client's graphql-transport-ws message, if anything is.

    Returns:
        The reason to close the socket with 4400 for, or `None` for a message of
        the shape that the protocol gives it.
    """
    if not isinstance(message, dict):
        return "Invalid message: expected an object"
    kind = message.get("type")
    if not isinstance(kind, str):
        return "Invalid message: 'type' must be a string"
    if kind in {"connection_init", "ping", "pong"}:
        if not _is_object_or_absent(message.get("payload")):
            return f"Invalid {kind} message: 'payload' must be an object"
        return None
    if kind in {"subscribe", "complete"}:
        if not _is_id(message.get("id")):
            return f"Invalid {kind} message: 'id' must be a non-empty string"
        if kind == "complete":
            return None
        problem = operation_problem(message.get("payload"))
        return problem and f"Invalid subscribe message: {problem}"
    if kind in {"start", "stop", "connection_terminate"}:
        return f"{kind} is legacy graphql-ws: this socket speaks graphql-transport-ws"
    return f"Unknown message type: {kind}"


#: The types of a client's graphql-ws (legacy) messages.
LEGACY_TYPES = frozenset({"connection_init", "connection_terminate", "start", "stop"})


def legacy_ws_problem(message: Any) -> str | None:
    """Say what is wrong with a client's graphql-ws (legacy) message, if anything is.

    A message of an unknown type has no shape that could be wrong.
    """
    if not isinstance(message, dict):
        return "Invalid message: expected an object"
    kind = message.get("type")
    if not isinstance(kind, str):
        return "Invalid message: 'type' must be a string"
    if kind in {"start", "stop"}:
        if not _is_id(message.get("id")):
            return f"Invalid {kind} message: 'id' must be a non-empty string"
        if kind == "start" and (problem := operation_problem(message.get("payload"))):
            return f"Invalid start message: {problem}"
    return None


def is_request_error(result: ExecutionResult) -> bool:
    """Tell whether a request was not executed at all, so that its response has no `data`.

    Source: GraphQL, section "Request Error Result". An error in the execution has a path, or (an
    exception of a subscription's source) no place in the document.
    """
    if isinstance(result, PreExecutionError):
        return True
    errors = result.errors or []
    return (
        result.data is None
        and bool(errors)
        and all(
            error.path is None and (error.nodes or not error.original_error) for error in errors
        )
    )


__all__ = [
    "GRAPHQL_SSE_PROTOCOL",
    "GRAPHQL_TRANSPORT_WS_PROTOCOL",
    "GRAPHQL_WS_PROTOCOL",
    "LEGACY_TYPES",
    "MAX_CLOSE_REASON_BYTES",
    "MULTIPART_SUBSCRIPTION_PROTOCOL",
    "RESTARTING",
    "CloseCode",
    "fit_close_reason",
    "is_request_error",
    "legacy_ws_problem",
    "names_persisted_query",
    "operation_problem",
    "transport_ws_problem",
]
