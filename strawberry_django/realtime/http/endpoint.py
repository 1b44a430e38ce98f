"""The HTTP endpoint: Django's own ASGI handler around a GraphQL consumer.

Imports `request` and the ground modules. Django reads the body, listens for the
client that goes away, sends the response and its signals, and turns exceptions
into responses; in place of a URL resolver stands the consumer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_finished, request_started
from django.db import transaction
from django.http import HttpResponse
from django.urls import set_script_prefix

from .._upstream.frameworks import (
    closes_nothing_more,
    load_no_middleware,
    note_handler,
    only_django_listens,
)
from ..logs import on_one_line
from ..request import GraphQLRequest
from ..threads import OperationThread
from ..waiting import within

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.dispatch import Signal
    from django.http.response import HttpResponseBase

    from ..conf import RealtimeOptions
    from ..interfaces import Receive, Send

logger = logging.getLogger("strawberry_django.realtime")

#: The key in the scope of a stack that is closed when the answer was sent, or given up.
AT_END = "strawberry_django_realtime.at_end"

#: How much of a body that is refused is read and dropped, in bytes and in seconds.
_DROPPED, _DROPPING = 64 * 1024 * 1024, 30.0


class GraphQLEndpoint(ASGIHandler):
    """Serve GraphQL over HTTP.

    With the option `django_middleware` the project's `MIDDLEWARE` surrounds the
    consumer; without it, only what the consumer itself does.

    Args:
        respond: answers a request.
        options: the resolved options.
        view_class: what answers, for middleware that looks at the view (strawberry_django's for
            django-debug-toolbar does).
    """

    request_class = GraphQLRequest

    def __init__(
        self,
        respond: Callable[[GraphQLRequest], Awaitable[HttpResponseBase]],
        options: RealtimeOptions,
        view_class: type | None = None,
    ) -> None:
        async def view(request: GraphQLRequest) -> HttpResponseBase:
            return await respond(request)

        # Origins are checked by the consumer, and no form carries a token.
        view.csrf_exempt = True  # type: ignore[attr-defined]
        view.view_class = view_class  # type: ignore[attr-defined]
        # Django refuses an asynchronous view under ATOMIC_REQUESTS.
        for alias in settings.DATABASES:
            transaction.non_atomic_requests(using=alias)(view)
        self._view = view
        self._options = options
        super().__init__()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, as Django does, with threads of the pool for its synchronous code."""
        with contextlib.ExitStack() as at_end:
            async with OperationThread():
                await self.handle({**scope, AT_END: at_end}, receive, send)

    def load_middleware(self, is_async: bool = False) -> None:
        """Put the project's middleware around the view, or nothing."""
        if self._options["django_middleware"]:
            super().load_middleware(is_async)
        else:
            load_no_middleware(self)

    def resolve_request(self, request: Any) -> Any:  # noqa: ARG002
        """Return the one view that there is."""
        return self._view, (), {}

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, unless its body is too long to be read.

        The limit is `DATA_UPLOAD_MAX_MEMORY_SIZE`; it holds as the body arrives,
        whatever `Content-Length` says.
        """
        limit = body_limit(scope["headers"], self._options)
        if limit is None:
            await self._serve(scope, receive, send)
            return
        body = LimitedBody(receive, scope["headers"], limit)
        await self._serve(scope, body.receive, send)
        if body.is_too_big:
            reason = f"The body is longer than DATA_UPLOAD_MAX_MEMORY_SIZE ({limit} bytes)."
            logger.warning("%s refused (413): %s", on_one_line(scope["path"]), reason)
            response = HttpResponse(reason, status=413)
            response["Content-Length"] = len(response.content)
            if scope["http_version"].startswith("1"):
                response["Connection"] = "close"  # Uvicorn would read on without end.
            await self.send_response(response, body.before_the_rest(send))

    async def _serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Do as `ASGIHandler.handle`, but start no thread where nothing has to be done in one."""
        try:
            body_file = await self.read_body(receive)
        except RequestAborted:
            return
        with contextlib.closing(body_file):
            set_script_prefix(get_script_prefix(scope))
            await _tell(request_started, type(self), scope=scope)
            request, refusal = self.create_request(scope, body_file)
            if request is None:
                await self.send_response(refusal, send)
                await sync_to_async(refusal.close)()
                return
            answering = asyncio.create_task(self._answer(request, send))
            response = await self._while_connected(answering, receive)
            if response is None:
                await _tell(request_finished, type(self))
            elif only_django_listens(request_finished, type(self)) and closes_nothing_more(
                response, request
            ):
                response.close()
            else:
                await sync_to_async(response.close)()

    async def _answer(self, request: GraphQLRequest, send: Send) -> HttpResponseBase:
        response: HttpResponseBase = await self.get_response_async(request)
        note_handler(response, type(self))
        with contextlib.suppress(asyncio.CancelledError):  # The client has left meanwhile.
            await self.send_response(response, send)
        return response

    async def _while_connected(
        self, answering: asyncio.Task[HttpResponseBase], receive: Receive
    ) -> HttpResponseBase | None:
        """Return the response; `None` if the client has left before there was one."""
        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait({leaving, answering}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (leaving, answering):
                task.cancel()
            await asyncio.wait({leaving, answering})
        if not leaving.cancelled() and not isinstance(leaving.exception(), RequestAborted):
            leaving.result()
        return None if answering.cancelled() else answering.result()

    def create_request(self, scope: Any, body_file: Any) -> Any:
        """Build the request, or the response to one that cannot be read."""
        try:
            request = self.request_class(scope, body_file)
            int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError as error:
            logger.warning("%s refused (400): %s", on_one_line(scope["path"]), error)
            return None, HttpResponse("The request cannot be read.", status=400)
        return request, None


def body_limit(request_headers: Any, options: RealtimeOptions) -> int | None:
    """Return the most bytes that the body of a request may have, or `None` for no limit.

    `DATA_UPLOAD_MAX_MEMORY_SIZE`, except for the file uploads that the project
    has switched on, which Django spools to disk and limits by field.
    """
    content_type = dict(request_headers).get(b"content-type", b"").lower()
    if options["multipart_uploads_enabled"] and content_type.startswith(b"multipart/form-data"):
        return None
    limit: int | None = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return limit


async def _tell(signal: Signal, sender: type, **named: Any) -> None:
    """Send one of Django's signals of a request."""
    if only_django_listens(signal, sender):
        signal.send(sender=sender, **named)
    else:
        await signal.asend(sender=sender, **named)


class LimitedBody:
    """A body that ends early, as if the client had gone, when it passes `limit` bytes.

    Django then closes what it has read so far, and answers nothing.

    Attributes:
        is_too_big: it has passed the limit, or says that it will.
    """

    def __init__(self, receive: Receive, headers: Any, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._received = 0
        self._more = True
        declared = dict(headers).get(b"content-length", b"")
        # Python refuses to read a number of thousands of digits.
        self.is_too_big = declared.isdigit() and (len(declared) > 20 or int(declared) > limit)

    async def receive(self) -> dict[str, Any]:
        """Return the next part of the body, or its early end."""
        message = {} if self.is_too_big else await self._next()
        self.is_too_big = self.is_too_big or self._received > self._limit
        return {"type": "http.disconnect"} if self.is_too_big else message

    async def _next(self) -> dict[str, Any]:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        self._more = message.get("more_body", False)
        return message

    def before_the_rest(self, send: Send) -> Send:
        """Return a `send` that answers at once, and ends the answer when the client is heard.

        A server that closes while the client still writes resets the connection, and
        the client may never read the answer (RFC 9112, section 9.6).
        """

        async def answer(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                await send({**message, "more_body": True})
                await self._drop_the_rest()
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        return answer

    async def _drop_the_rest(self) -> None:
        most = self._received + _DROPPED
        with contextlib.suppress(asyncio.TimeoutError):
            async with within(_DROPPING):
                while self._more and self._received < most:
                    await self._next()
