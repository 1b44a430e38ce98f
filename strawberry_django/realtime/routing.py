"""The router: GraphQL at one URL over HTTP and WebSocket, Django everywhere else.

The top of the library. It composes the consumers into one ASGI application.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from channels.routing import ProtocolTypeRouter
from django.urls.resolvers import RegexPattern

from .auth.sessions import hear_of_deleted_sessions
from .conf import RealtimeOptions, project_options, resolve_options
from .http.consumer import GraphQLHTTPConsumer
from .http.endpoint import LimitedBody
from .websocket.consumer import GraphQLWSConsumer
from .websocket.writer import refuse_handshake

if TYPE_CHECKING:
    from strawberry.schema import BaseSchema
    from typing_extensions import Unpack

    from .interfaces import Application


async def _not_found(scope: dict[str, Any], receive: Any, send: Any) -> None:
    send = LimitedBody(receive, scope["headers"], limit=0).before_the_rest(send)
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"9")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"Not Found"})


async def _refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()  # websocket.connect
    await refuse_handshake(scope, send, 404, "There is no GraphQL at this path.")


async def _lifespan(_scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Tell the server that we have started and stopped (ASGI, "Lifespan Protocol")."""
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


class AuthGraphQLProtocolTypeRouter(ProtocolTypeRouter):
    """Serve GraphQL over HTTP and WebSocket, with the session's user in both.

    A request whose path matches `url_pattern` is GraphQL; every other HTTP
    request goes to `django_application` as it came, without a query of ours.
    Over both protocols `info.context.request.user` is the user of the Django
    session. A WebSocket is taken from pages of `ALLOWED_HOSTS` only.

    Args:
        schema: the Strawberry schema.
        django_application: what serves every other path; without it they are 404.
        url_pattern: a regular expression, matched against the beginning of the
            path without its leading slash.
        http_consumer_class: a subclass of `GraphQLHTTPConsumer`.
        websocket_consumer_class: a subclass of `GraphQLWSConsumer`.
        options: see `RealtimeOptions`.

    Raises:
        TypeError: an option does not exist, or a consumer class is none of ours.
        ImproperlyConfigured: Django is not set up, `url_pattern` is no regular
            expression, or `STRAWBERRY_DJANGO_REALTIME` has an unknown key.
    """

    def __init__(
        self,
        schema: BaseSchema,
        django_application: Application | None = None,
        url_pattern: str = "^graphql",
        *,
        http_consumer_class: type[GraphQLHTTPConsumer[Any, Any]] = GraphQLHTTPConsumer,
        websocket_consumer_class: type[GraphQLWSConsumer[Any, Any]] = GraphQLWSConsumer,
        **options: Unpack[RealtimeOptions],
    ) -> None:
        for given, needed in (
            (http_consumer_class, GraphQLHTTPConsumer),
            (websocket_consumer_class, GraphQLWSConsumer),
        ):
            if not issubclass(given, needed):
                raise TypeError(
                    f"{given.__module__}.{given.__qualname__} must be a subclass of "
                    f"strawberry_django.realtime.{needed.__name__}"
                )
        options.setdefault("session_auth", project_options().get("session_auth", True))
        self.schema = schema
        self.django_application = django_application
        self.url_pattern = url_pattern
        self.options = resolve_options(options)
        self._pattern = RegexPattern(url_pattern)
        self._pattern.regex  # noqa: B018 - a faulty pattern is an error now
        http = http_consumer_class.as_asgi(schema=schema, **self.options)
        websocket = websocket_consumer_class.as_asgi(schema=schema, **self.options)
        super().__init__(
            {
                "http": self._route(http, django_application or _not_found),
                "websocket": self._route(websocket, _refuse),
                "lifespan": _lifespan,
            }
        )

    def _route(self, graphql: Application, otherwise: Application) -> Application:
        async def route(scope: dict[str, Any], receive: Any, send: Any) -> None:
            hear_of_deleted_sessions()
            path = scope["path"].removeprefix(scope.get("root_path") or "")
            match = self._pattern.match(path.lstrip("/"))
            if match is None:
                await otherwise(scope, receive, send)
                return
            _, args, kwargs = match
            url_route = {"args": args, "kwargs": kwargs}
            await graphql({**scope, "url_route": url_route}, receive, send)

        return route
