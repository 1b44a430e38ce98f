"""GraphQL over HTTP: a request's way through Django to the schema, and back.

The top of `http`: imports the view, the endpoint, the explorer, the streams and `auth`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, cast

from asgiref.sync import sync_to_async
from cross_web import HTTPException
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.middleware.security import SecurityMiddleware
from django.utils.log import log_response
from strawberry.http.typevars import Context, RootValue
from typing_extensions import override

from .._upstream.frameworks import aclosing
from ..auth.entry import cross_site_refusal, host_refusal
from ..auth.sessions import close_session, open_session, resolve_user
from ..conf import RealtimeOptions
from ..context import GraphQLContext
from ..limits import Place
from ..request import no_view
from ..threads import enter_threads_for
from . import explorer
from .endpoint import AT_END, GraphQLEndpoint
from .streams import while_welcome, who
from .view import GraphQLOverHTTPView

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

    from django.http.response import HttpResponseBase
    from strawberry.django.views import TemporalHttpResponse
    from strawberry.http.ides import GraphQL_IDE
    from strawberry.schema import BaseSchema
    from typing_extensions import Unpack

    from ..interfaces import Application
    from ..request import GraphQLRequest

logger = logging.getLogger("strawberry_django.realtime")

_METHODS = "GET, POST, OPTIONS"


class GraphQLHTTPConsumer(GraphQLOverHTTPView[Context, RootValue]):
    """Serve one HTTP request. Give `GraphQLHTTPConsumer.as_asgi(schema=…)` to a router.

    Override `get_context`, `get_root_value`, `on_connect`, `on_operation` or
    `process_result` in a subclass.
    """

    never_called: ClassVar[Mapping[str, str]] = {
        "handle": "override `process_result`, or `on_connect` to refuse a request."
    }

    def __init__(self, schema: BaseSchema, **options: Unpack[RealtimeOptions]) -> None:
        super().__init__(schema, **options)
        self.graphql_ide = cast("GraphQL_IDE | None", self.options["graphql_ide"])
        allow_get = self.options["allow_queries_via_get"]
        self.allow_queries_via_get = allow_get  # pyright: ignore[reportAttributeAccessIssue]
        self.multipart_uploads_enabled = self.options["multipart_uploads_enabled"]
        self._security = SecurityMiddleware(no_view)

    @classmethod
    @override
    def _serving(cls, make: Callable[[], Any], options: RealtimeOptions) -> Application:
        async def respond(request: GraphQLRequest) -> HttpResponseBase:
            return await make().respond(request)

        return GraphQLEndpoint(respond, options, cls)

    async def respond(self, request: GraphQLRequest) -> HttpResponseBase:
        """Answer `request`; whatever the client sent, the answer is no 5xx of ours."""
        self.request = request
        self.scope = request.scope
        request.consumer = self
        enter_threads_for(request, self.options["enter_thread"])
        try:
            response = self._refusal() or await self._respond()
        except HTTPException as error:
            response = self._problem(error.status_code, error.reason)
        except (SuspiciousOperation, BadRequest, MultiPartParserError) as error:
            response = self._problem(400, str(error))
        if not self.options["django_middleware"]:
            if isinstance(response, HttpResponse):
                response["Content-Length"] = len(response.content)
            response = self._security.process_response(request, response)
        return response

    async def _respond(self) -> HttpResponseBase:
        request = self.request
        if self.graphql_ide and explorer.ASSET_PARAMETER in request.GET:
            return explorer.asset_response(request)
        if not self.options["django_middleware"]:
            return await self._respond_with_session()
        if "user" in request.__dict__:
            await resolve_user(request)
            # `channels.auth.logout` looks for them here.
            known = vars(request)
            self.scope.update({name: known[name] for name in ("session", "user") if name in known})
        return await self._execute()

    def _problem(self, status: int, reason: str) -> HttpResponse:
        request = self.request
        response = JsonResponse({"errors": [{"message": reason}]}, status=status)
        if status == 405:
            response["Allow"] = _METHODS
        # Django would log it again, without the reason.
        log_response(
            "%s refused (%d): %s",
            request.path,
            status,
            reason,
            response=response,
            request=request,
            logger=logger,
        )
        return response

    def _refusal(self) -> HttpResponse | None:
        request = self.request
        if reason := host_refusal(request):
            return self._problem(400, reason)
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers={"Allow": _METHODS})
        asks_for_a_page = request.method == "GET" and not (
            {"query", "extensions"} & request.GET.keys()
        )
        if not asks_for_a_page and (reason := cross_site_refusal(request)):
            return self._problem(403, reason)
        return None

    async def _respond_with_session(self) -> HttpResponseBase:
        """Do what Django's security, session and authentication middleware do."""
        request = self.request
        if redirect := self._security.process_request(request):
            return cast("HttpResponseBase", redirect)
        if not self.options["session_auth"]:
            self._adopt_scope_auth()
            return await self._execute()
        open_session(request)
        await resolve_user(request)
        self.scope["session"] = request.session
        self.scope["user"] = request.user
        response = await self._execute()
        await close_session(request, response)
        return response

    async def _execute(self) -> HttpResponseBase:
        streaming = False
        try:
            response = await self.run(self.request)
            streaming = response.streaming
            return response
        finally:
            if not streaming:
                await self._stop_listening()

    @override
    async def get_context(self, request: GraphQLRequest, response: TemporalHttpResponse) -> Any:
        """Return the context of one operation; override to add to it."""
        return GraphQLContext(request=request, response=response, ws=None, connection_params=None)

    @override
    async def create_streaming_response(
        self,
        request: GraphQLRequest,
        stream: Callable[[], AsyncIterator[Any]],
        sub_response: TemporalHttpResponse,
        headers: Mapping[str, str],
    ) -> HttpResponseBase:
        """Answer with a stream that stops when the client goes away, or its user may not stay.

        Raises:
            HTTPException: 429, it is one too many of its user, or of its address.
        """
        place = Place(self.options)
        request.scope[AT_END].enter_context(place)
        place.take_for_address(request.META)
        place.take_for_user(who(request)[0])
        if place.surplus is not None:
            raise HTTPException(429, place.surplus)

        async def until_closed() -> AsyncGenerator[str, None]:
            try:
                welcome = while_welcome(request, self.options, stream(), self.recheck)
                async with aclosing(welcome) as chunks:
                    async for chunk in chunks:
                        yield chunk
            finally:
                await self._stop_listening()

        return await super().create_streaming_response(request, until_closed, sub_response, headers)

    @override
    async def render_graphql_ide(self, request: GraphQLRequest) -> HttpResponse:
        """Answer a browser with the explorer; a project's template may use the database."""
        return await sync_to_async(explorer.respond)(request, self.graphql_ide or "graphiql")
