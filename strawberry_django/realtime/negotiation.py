"""GraphQL over HTTP: which request this is, and which answer it wants.

Imports `protocol` only. Source: the GraphQL over HTTP specification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cross_web import HTTPException
from graphql import GraphQLError, OperationType, get_operation_ast, parse

from .protocol import operation_problem

if TYPE_CHECKING:
    from django.http import HttpRequest

JSON = "application/json"
GRAPHQL_RESPONSE_JSON = "application/graphql-response+json"


def response_media_type(request: HttpRequest) -> str:
    """Return the media type to answer with (section "Accept").

    `application/graphql-response+json` for the client that names it first, and
    `application/json` for every other.
    """
    preferred = request.get_preferred_type([JSON, GRAPHQL_RESPONSE_JSON])
    return preferred or JSON


def accepts_json(request: HttpRequest) -> bool:
    """Tell whether the client would also take an answer that is not a stream."""
    return any(
        f"{accepted.main_type}/{accepted.sub_type}" in {JSON, GRAPHQL_RESPONSE_JSON}
        for accepted in request.accepted_types
    )


def check_parameters(data: Any) -> None:
    """Refuse a request whose parameters have the wrong types (section "Request parameters").

    Raises:
        HTTPException: 400, with what is wrong.
    """
    for operation in data if isinstance(data, list) else [data]:
        if problem := operation_problem(operation, query_optional=True):
            raise HTTPException(400, f"Invalid GraphQL request: {problem}")


def is_subscription(query: str | None, operation_name: str | None) -> bool:
    """Tell whether the document's operation is a subscription; a faulty one is not."""
    try:
        operation = get_operation_ast(parse(query or ""), operation_name)
    except (GraphQLError, RecursionError):
        return False
    return operation is not None and operation.operation is OperationType.SUBSCRIPTION
