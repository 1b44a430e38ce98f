"""The GraphQL over HTTP specification, on top of Strawberry's view for Django.

Imports `negotiation`, `streams`, the base of both consumers and the ground modules.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, cast

from cross_web import AsyncHTTPRequestAdapter, HTTPException
from graphql import GraphQLError
from graphql import OperationType as DocumentOperation
from strawberry.django.views import AsyncGraphQLView, TemporalHttpResponse
from strawberry.exceptions import ConnectionRejectionError, MissingQueryError
from strawberry.http import (
    GraphQLHTTPResponse,
    GraphQLRequestData,
    GraphQLRequestProtocol,
)
from strawberry.http.typevars import Context, RootValue
from strawberry.schema.exceptions import (
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
)
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType
from typing_extensions import override

from .. import transactions
from .._upstream.frameworks import aclosing, check_batch, stream_transport, transport_of
from ..broadcast.admission import Admission
from ..broadcast.recheck import Asked, Recheck
from ..conf import OperationRequest
from ..consumer import GraphQLConsumer
from ..context import ConnectionContext
from ..logs import internal_error
from ..protocol import is_request_error
from ..waiting import is_cancelled
from .negotiation import (
    GRAPHQL_RESPONSE_JSON,
    accepts_json,
    check_parameters,
    operation_type,
    response_media_type,
)
from .sharing import EncodedResult, StreamMember, shared
from .streams import STREAM_MEDIA_TYPES, STREAM_TRANSPORTS

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.http.response import HttpResponseBase
    from strawberry.http.base import BaseRequestProtocol
    from strawberry.http.streaming import HTTPStreamTransport

    from ..request import GraphQLRequest

_NO_QUERY = "No GraphQL query found in the request"

_NO_STREAM = (
    "A subscription needs a stream: send `Accept: text/event-stream` or "
    "`Accept: multipart/mixed;subscriptionSpec=1.0`, or use a WebSocket."
)


class _NeedsStreamError(HTTPException):
    """A subscription was asked for, and an answer that is no stream."""

    def __init__(self) -> None:
        super().__init__(400, _NO_STREAM)


class GraphQLOverHTTPView(
    GraphQLConsumer[Context, RootValue], AsyncGraphQLView[Context, RootValue]
):
    """Read a request, execute it and answer as the specification has it."""

    stream_transport_classes_by_protocol = STREAM_TRANSPORTS

    #: The stream that the client takes as well, where nothing tells yet whether it needs one.
    _stream_if_needed: HTTPStreamTransport | None = None

    #: What asks again whether the stream may go on, where it is one.
    _recheck: Recheck | None = None

    @override
    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Tell whether a browser asks for the explorer; who names a persisted query does not."""
        has_extensions = bool(request.query_params.get("extensions"))
        return not has_extensions and super().should_render_graphql_ide(request)

    @override
    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        """Read the request, refuse what has not its shape, and pick the transport.

        An `Accept` that names a stream beside JSON means the stream for a
        subscription and JSON for everything else: clients send one header for all
        of their operations.
        """
        data = await self._read_parameters(request)
        check_parameters(data)
        transport = self._transport_asked_for(request)
        takes_json = accepts_json(self.request)
        if isinstance(data, list):
            transport = None if takes_json else transport
            check_batch(self, data, transport)
            for item in data:
                self._check_batched(item)
            return [self._request_data(item, "http") for item in data]
        query, name = data.get("query"), data.get("operationName")
        if transport is None:
            return self._request_data(data, "http")
        if takes_json:
            kind = operation_type(self.executed_schema, query, name)
            self._stream_if_needed = transport if kind is None else None
            if kind is not DocumentOperation.SUBSCRIPTION:
                return self._request_data(data, "http")
        if not query and not data.get("extensions"):
            raise HTTPException(400, _NO_QUERY)
        return self._request_data(data, transport.protocol)

    def _transport_asked_for(self, request: AsyncHTTPRequestAdapter) -> HTTPStreamTransport | None:
        accept: str = self.request.META.get("HTTP_ACCEPT", "")
        ours = self.stream_transport_classes_by_protocol is STREAM_TRANSPORTS
        if ours and not any(name in accept.lower() for name in STREAM_MEDIA_TYPES):
            return None  # Most ask for none, and looking closer takes as long as a small query.
        return stream_transport(self, request.headers)

    def _check_batched(self, data: dict[str, Any]) -> None:
        """Refuse a batch for one of its operations before any is executed.

        What is wrong with an operation that only an extension finds is said in its place.
        """
        if not data.get("query") and not data.get("extensions"):
            raise HTTPException(400, _NO_QUERY)
        if (
            operation_type(self.executed_schema, data.get("query"), data.get("operationName"))
            is DocumentOperation.SUBSCRIPTION
        ):
            raise _NeedsStreamError

    async def _read_parameters(self, request: AsyncHTTPRequestAdapter) -> Any:
        content_type: str | None = self.request.content_type
        if request.method == "GET":
            parameters = self.parse_query_params(request.query_params)
            return {name: value for name, value in parameters.items() if value != ""}
        if content_type == "application/json":
            return self.parse_json(await request.get_body())
        if content_type == "multipart/form-data" and self.multipart_uploads_enabled:
            try:
                return await self.parse_multipart(request)
            except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
                reason = "The files and their map do not fit the operations"
                raise HTTPException(400, reason) from error
        raise HTTPException(415, f"Unsupported content type {content_type!r}")

    @staticmethod
    def _request_data(data: dict[str, Any], protocol: GraphQLRequestProtocol) -> GraphQLRequestData:
        return GraphQLRequestData(
            query=data.get("query"),
            variables=data.get("variables"),
            operation_name=data.get("operationName"),
            extensions=data.get("extensions"),
            protocol=protocol,
        )

    @override
    def parse_json(self, data: str | bytes) -> Any:
        """Decode JSON that the client sent.

        Raises:
            HTTPException: 400, whatever is wrong with it.
        """
        try:
            return self.decode_json(data)
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, "Unable to parse request body as JSON") from error

    @override
    async def execute_operation(
        self,
        request: GraphQLRequest,
        request_adapter: AsyncHTTPRequestAdapter,
        request_data: GraphQLRequestData | list[GraphQLRequestData],
        context: Any,
        root_value: Any,
        sub_response: TemporalHttpResponse,
    ) -> Any:
        """Execute what was asked; each operation of a batch has a context of its own.

        Raises:
            HTTPException: 403 if `on_connect` refuses the request.
        """
        connection = ConnectionContext(context)
        context = connection.context
        try:
            await self.on_connect(context)
        except ConnectionRejectionError as error:
            raise HTTPException(403, "Forbidden") from error
        if isinstance(request_data, list):
            return await self._execute_batch(
                request, request_adapter, request_data, connection, root_value, sub_response
            )
        if refusal := await self._judged(context, request_data):
            return refusal
        if transport := transport_of(self, request_data.protocol):
            return await self._stream(
                request_adapter, transport, connection, root_value, request_data, sub_response
            )
        try:
            return await self.execute_single(
                request, request_adapter, sub_response, context, root_value, request_data
            )
        except _NeedsStreamError:
            if (transport := self._stream_if_needed) is None:
                raise
            request_data.protocol = transport.protocol
            return await self._stream(
                request_adapter, transport, connection, root_value, request_data, sub_response
            )

    async def _stream(
        self,
        request_adapter: AsyncHTTPRequestAdapter,
        transport: HTTPStreamTransport,
        connection: ConnectionContext,
        root_value: Any,
        data: GraphQLRequestData,
        response: TemporalHttpResponse,
    ) -> AsyncGenerator[Any, None]:
        allowed = OperationType.from_http(request_adapter.method)
        if not self.allow_queries_via_get and request_adapter.method == "GET":
            allowed -= {OperationType.QUERY}
        settled = connection.settled()
        request = _asked(data)

        types = frozenset(transport.allowed_operation_types(allowed))

        async def execute_again() -> Any:
            context = settled.give_to(await self.get_context(self.request, response))
            return await transactions.stream(self, request, context, root_value, types)

        member = StreamMember(self.options)
        admission = Admission(self, request, member)
        asked = Asked(request, member, execute_again, member.refuse)
        self._recheck = Recheck(self, lambda: [asked] if admission.asks_again else [])
        results = await transactions.stream(self, request, connection.context, root_value, types)
        return _with_faults(shared(results, admission, member), data.operation_name)

    def recheck(self) -> None:
        """Ask again whether the stream may go on, if it is of a shared subscription."""
        if self._recheck is not None:
            self._recheck.begin()

    async def _execute_batch(
        self,
        request: GraphQLRequest,
        request_adapter: AsyncHTTPRequestAdapter,
        batch: list[GraphQLRequestData],
        connection: ConnectionContext,
        root_value: Any,
        sub_response: TemporalHttpResponse,
    ) -> list[ExecutionResult]:
        """Execute a batch when every operation of it was judged; nothing then refuses it whole."""
        contexts = [
            connection.give_to(await self.get_context(request, sub_response)) for _ in batch
        ]
        refusals = [await self._judged(*each) for each in zip(contexts, batch, strict=True)]

        async def execute(
            refusal: PreExecutionError | None, context: Any, data: GraphQLRequestData
        ) -> ExecutionResult:
            if refusal is not None:
                return refusal
            try:
                return await self.execute_single(
                    request, request_adapter, sub_response, context, root_value, data
                )
            except HTTPException as error:
                return PreExecutionError(data=None, errors=[GraphQLError(error.reason)])

        executing = map(execute, refusals, contexts, batch)
        if transactions.atomic_aliases():  # Each with its own, and all have one connection.
            return [await each for each in executing]
        return await asyncio.gather(*executing)

    async def _judged(self, context: Any, data: GraphQLRequestData) -> PreExecutionError | None:
        """Return the answer to an operation that `on_operation` refuses."""
        try:
            await self.on_operation(context, _asked(data))
        except GraphQLError as refusal:
            return PreExecutionError(data=None, errors=[refusal])
        return None

    @override
    async def execute_single(
        self,
        request: GraphQLRequest,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: TemporalHttpResponse,
        context: Any,
        root_value: Any,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """Execute a query or, by POST, a mutation.

        Raises:
            HTTPException: 405 for a mutation by GET, 400 for a subscription that
                asks for no stream.
        """
        allowed = {OperationType.QUERY, OperationType.MUTATION}
        if request_adapter.method == "GET":
            allowed = {OperationType.QUERY} if self.allow_queries_via_get else set()
        try:
            result: ExecutionResult = await transactions.execute(
                self, _asked(request_data), context, root_value, allowed
            )
            return result
        except asyncio.CancelledError as error:
            if is_cancelled():
                raise
            # Django takes it for a client that has left, and answers nothing.
            failure = internal_error(error, request_data.operation_name)
            return ExecutionResult(data=None, errors=[failure])
        except CannotGetOperationTypeError as error:
            raise HTTPException(400, error.as_http_error_reason()) from error
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise _NeedsStreamError from error
            reason = error.as_http_error_reason(request_adapter.method)
            raise HTTPException(405, reason) from error
        except MissingQueryError as error:
            raise HTTPException(400, _NO_QUERY) from error

    @override
    async def process_result(
        self, request: GraphQLRequest, result: ExecutionResult
    ) -> GraphQLHTTPResponse:
        """Return the response; a request that was not executed has no `data` in it."""
        if isinstance(result, EncodedResult):
            return cast("GraphQLHTTPResponse", result.response)
        response = await super().process_result(request, result)
        if is_request_error(result):
            del response["data"]
        return response

    @override
    def create_response(
        self,
        response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse],
        sub_response: HttpResponse,
    ) -> HttpResponseBase:
        """Answer in the media type that the client prefers, with its status codes.

        As `application/graphql-response+json` a request that was not executed is
        a 400; as `application/json` it is a 200 (section "Status Codes").
        """
        response = super().create_response(response_data, sub_response)
        media_type = response_media_type(self.request)
        response["Content-Type"] = f"{media_type}; charset=utf-8"
        not_executed = isinstance(response_data, dict) and "data" not in response_data
        if media_type == GRAPHQL_RESPONSE_JSON and not_executed and not sub_response.status_code:
            response.status_code = 400
        return response


def _asked(data: GraphQLRequestData) -> OperationRequest:
    return OperationRequest(data.query, data.operation_name, data.variables, data.extensions)


async def _with_faults(
    results: AsyncGenerator[Any, None], operation_name: str | None
) -> AsyncGenerator[Any, None]:
    """Yield the results of a stream; what an extension raises is one, as in any other answer."""
    try:
        async with aclosing(results):
            async for result in results:
                yield result
    except GraphQLError as error:
        yield PreExecutionError(data=None, errors=[error])
    except (Exception, asyncio.CancelledError) as error:
        if isinstance(error, asyncio.CancelledError) and is_cancelled():
            raise
        yield PreExecutionError(data=None, errors=[internal_error(error, operation_name)])
