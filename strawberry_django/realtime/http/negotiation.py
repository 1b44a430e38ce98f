"""GraphQL over HTTP: which request this is, and which answer it wants.

Imports `documents` and `protocol` only. Source: the GraphQL over HTTP specification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cross_web import HTTPException
from graphql import GraphQLError, OperationType, get_operation_ast
from strawberry.schema.exceptions import CannotGetOperationTypeError

from ..documents import parsed
from ..protocol import operation_problem

if TYPE_CHECKING:
    from django.http import HttpRequest
    from strawberry.schema import BaseSchema

JSON = "application/json"
GRAPHQL_RESPONSE_JSON = "application/graphql-response+json"

#: How many characters a document may have that is parsed once more, to see what it is.
_LOOKED_AT = 64 * 1024


def _accepted_names(request: HttpRequest) -> list[str]:
    """Return the media types that the client takes, the dearest first, without parameters.

    Clients write `charset=utf-8` behind them, which Django would compare as well.
    """
    return [f"{accepted.main_type}/{accepted.sub_type}" for accepted in request.accepted_types]


def response_media_type(request: HttpRequest) -> str:
    """Return the media type to answer with (section "Accept").

    `application/graphql-response+json` for the client that names it first, and
    `application/json` for every other.
    """
    known = {GRAPHQL_RESPONSE_JSON, JSON, "application/*", "*/*"}
    first = next((name for name in _accepted_names(request) if name in known), JSON)
    return GRAPHQL_RESPONSE_JSON if first == GRAPHQL_RESPONSE_JSON else JSON


def accepts_json(request: HttpRequest) -> bool:
    """Tell whether the client would also take an answer that is not a stream."""
    return not {JSON, GRAPHQL_RESPONSE_JSON}.isdisjoint(_accepted_names(request))


def check_parameters(data: Any) -> None:
    """Refuse a request whose parameters have the wrong types (section "Request parameters").

    Raises:
        HTTPException: 400, with what is wrong.
    """
    for operation in data if isinstance(data, list) else [data]:
        if problem := operation_problem(operation, query_optional=True):
            raise HTTPException(400, f"Invalid GraphQL request: {problem}")


def operation_type(
    schema: BaseSchema, query: str | None, operation_name: str | None
) -> OperationType | None:
    """Return what the document's operation is, before anything is executed.

    `None` where that cannot be told in advance: an extension finds the document, or it
    has a syntax error, or it is so long that the extensions which limit it come first.

    Raises:
        HTTPException: 400, the document has no such operation.
    """
    if not query or len(query) > _LOOKED_AT:
        return None
    try:
        document = parsed(schema, query)
    except (GraphQLError, RecursionError):
        return None
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        raise HTTPException(400, CannotGetOperationTypeError(operation_name).as_http_error_reason())
    return operation.operation
