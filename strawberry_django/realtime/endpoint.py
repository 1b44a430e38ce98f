"""The HTTP endpoint: Django's own ASGI handler around a GraphQL consumer.

Imports `conf`, `request` and `security`. Django reads the body, listens for the
client that goes away, sends the response and its signals, and turns exceptions
into responses; in place of a URL resolver stands the consumer.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.exception import convert_exception_to_response
from django.db import transaction
from django.http import HttpResponse
from typing_extensions import override

from .request import GraphQLRequest
from .security import body_limit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http.response import HttpResponseBase

    from .conf import RealtimeOptions

    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

logger = logging.getLogger("strawberry_django.realtime")


class GraphQLEndpoint(ASGIHandler):
    """Serve GraphQL over HTTP.

    With the option `django_middleware` the project's `MIDDLEWARE` surrounds the
    consumer; without it, only what the consumer itself does.

    Args:
        respond: answers a request.
        options: the resolved options.
    """

    request_class = GraphQLRequest

    def __init__(
        self,
        respond: Callable[[GraphQLRequest], Awaitable[HttpResponseBase]],
        options: RealtimeOptions,
    ) -> None:
        async def view(request: GraphQLRequest) -> HttpResponseBase:
            return await respond(request)

        # Origins are checked by the consumer, and no form carries a token.
        view.csrf_exempt = True  # type: ignore[attr-defined]
        # Django refuses an asynchronous view under ATOMIC_REQUESTS.
        for alias in settings.DATABASES:
            transaction.non_atomic_requests(using=alias)(view)
        self._view = view
        self._options = options
        super().__init__()

    def load_middleware(self, is_async: bool = False) -> None:
        """Put the project's middleware around the view, or nothing."""
        if self._options["django_middleware"]:
            super().load_middleware(is_async)
            return
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._middleware_chain = convert_exception_to_response(self._get_response_async)

    @override
    def resolve_request(self, request: Any) -> Any:
        """Return the one view that there is."""
        return self._view, (), {}

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, unless its body is too long to be read.

        The limit is `DATA_UPLOAD_MAX_MEMORY_SIZE`; it holds as the body arrives,
        whatever `Content-Length` says.
        """
        limit = body_limit(scope["headers"], self._options)
        if limit is not None:
            receive = _limited(receive, scope["headers"], limit)
        try:
            await super().handle(scope, receive, send)
        except RequestDataTooBig as error:
            logger.warning("%s refused (413): %s", scope["path"], error)
            await self.send_response(HttpResponse(str(error), status=413), send)

    def create_request(self, scope: Any, body_file: Any) -> Any:
        """Build the request, or the response to one that cannot be read."""
        try:
            return self.request_class(scope, body_file), None
        except ValueError as error:
            logger.warning("%s refused (400): %s", scope["path"], error)
            return None, HttpResponse("The request cannot be read.", status=400)


def _limited(receive: Receive, headers: Any, limit: int) -> Receive:
    """Return `receive`, which raises `RequestDataTooBig` when the body passes `limit`."""
    declared = dict(headers).get(b"content-length", b"")
    too_big = RequestDataTooBig(
        f"The body is longer than DATA_UPLOAD_MAX_MEMORY_SIZE ({limit} bytes)."
    )
    received = 0

    async def limited() -> dict[str, Any]:
        nonlocal received
        if declared.isdigit() and int(declared) > limit:
            raise too_big
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise too_big
        return message

    return limited
