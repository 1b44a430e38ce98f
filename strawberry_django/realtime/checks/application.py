"""Whether the ASGI application serves GraphQL safely: its WebSocket, users, origins and patterns.

The application is loaded once and taken apart into its GraphQL endpoints. Nothing is called: its
parts are read from the attributes under which Channels (and most ASGI middleware) keeps them.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from channels.auth import AuthMiddleware
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.base import BaseHandler
from strawberry import channels as stock

from ..conf import resolve_options
from ..consumer import GraphQLConsumer
from ..routing import AuthGraphQLProtocolTypeRouter
from .catalogue import Messages, found
from .imports import check_import_order
from .settings import (
    check_atomic_requests,
    check_daphne_limits,
    check_layer_of_schemas,
    check_sessions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SESSION = (CookieMiddleware, SessionMiddleware, AuthMiddleware)
_CHANNELS = (*_SESSION, OriginValidator, ProtocolTypeRouter, URLRouter)
_DEEPEST = 50

NOTHING = object()  # Stands for an application that could not be loaded.


@dataclass(frozen=True, eq=False)
class Endpoint:
    """Describe one place at which an application serves GraphQL.

    `protocol` is empty when no router told it, `pattern` joins the URL patterns that lead there,
    and `around` holds the applications around the consumer, the outermost first.
    """

    protocol: str
    pattern: str
    consumer_class: type
    options: Mapping[str, Any]
    around: tuple[object, ...]

    def __str__(self) -> str:
        return f"{self.protocol or 'any protocol'} {self.pattern!r}"

    def is_inside(self, *kinds: type) -> bool:
        """Tell whether there is an application of each of these kinds around it."""
        return all(any(isinstance(each, kind) for each in self.around) for kind in kinds)

    def is_stock(self) -> bool:
        """Tell whether Strawberry's own consumer serves it, not one of this library."""
        kind = self.consumer_class
        is_any = issubclass(kind, (stock.GraphQLHTTPConsumer, stock.GraphQLWSConsumer))
        return is_any and not issubclass(kind, GraphQLConsumer)


def check_asgi_application() -> Messages:
    """Report what is wrong with the application that `ASGI_APPLICATION` names."""
    application, messages = load()
    if application is NOTHING:
        return messages
    messages += check_import_order(settings.ASGI_APPLICATION.rpartition(".")[0])
    if serves_websocket(application) is False:
        kind = f"{type(application).__module__}.{type(application).__qualname__}"
        text = f"ASGI_APPLICATION is a {kind}, which serves no WebSocket."
        messages.append(found("E003", text))
    served = list(endpoints(application))
    return [
        *messages,
        *_check_consumers(served),
        *check_sessions([each for each in served if reads_session(each)]),
        *check_layer_of_schemas(served),
        *check_atomic_requests(served),
        *check_daphne_limits([each for each in served if each.protocol == "websocket"]),
    ]


def _check_consumers(served: list[Endpoint]) -> Messages:
    places = defaultdict(set)
    for endpoint in served:
        for fault in _faults(endpoint):
            places[fault].add(str(endpoint))
    return [
        found(number, f"GraphQL ({', '.join(sorted(where))}) {what}.")
        for (number, what), where in sorted(places.items())
    ]


def _faults(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """Yield the number of each fault of one endpoint, and what to say of it."""
    if endpoint.pattern.lstrip("^").startswith("/"):
        yield "W006", "matches nothing: its URL pattern begins with a slash"
    if any(type(each).__module__ == "strawberry_django.routers" for each in endpoint.around):
        return  # It is strawberry-graphql-django's own router, which E010 reports.
    if endpoint.is_inside(stock.GraphQLProtocolTypeRouter):
        yield "W003", "uses GraphQLProtocolTypeRouter: it knows no user, checks no host"
        return
    # What the project put around the consumer itself may authenticate and check as it likes.
    is_known = all(isinstance(each, _CHANNELS) for each in endpoint.around)
    if is_known and not reads_session(endpoint) and apps.is_installed("django.contrib.auth"):
        yield "W003", "is routed without authentication: it knows no user"
    if endpoint.is_stock():
        needs_validator = is_known and endpoint.protocol == "websocket"
        if needs_validator and not endpoint.is_inside(OriginValidator):
            yield "W004", "is routed without AllowedHostsOriginValidator"
        yield "W005", "has Strawberry's consumers: info.context.request is no Django request"


def reads_session(endpoint: Endpoint) -> bool:
    """Tell whether an endpoint takes its user from Django's session."""
    if endpoint.is_inside(*_SESSION):
        return True
    if endpoint.is_stock():
        return False
    options = {name: value for name, value in endpoint.options.items() if name != "schema"}
    try:
        resolved = resolve_options(options)
    except (AttributeError, ImproperlyConfigured, TypeError):
        return True  # The options cannot be read, which E011 reports.
    in_middleware = resolved["django_middleware"] and endpoint.protocol == "http"
    return resolved["session_auth"] or in_middleware


def load() -> tuple[object, Messages]:
    """Import what `ASGI_APPLICATION` names, and report why that cannot be done.

    A module that is being imported just now (it runs a management command itself) is left alone.
    """
    path = getattr(settings, "ASGI_APPLICATION", None)
    if not isinstance(path, str) or not path.rpartition(".")[0]:
        text = f"ASGI_APPLICATION is {path!r}; expected a path: 'myproject.asgi.application'."
        return NOTHING, [found("E001", text)]
    name, _, attribute = path.rpartition(".")
    if getattr(getattr(sys.modules.get(name), "__spec__", None), "_initializing", False):
        return NOTHING, []
    try:
        return getattr(importlib.import_module(name), attribute), []
    except (Exception, SystemExit) as error:
        own = (__file__, importlib.__file__, "<frozen")
        frames = traceback.extract_tb(error.__traceback__)
        places = [each for each in frames if not each.filename.startswith(own)]
        place = f" ({places[-1].filename}, line {places[-1].lineno})" if places else ""
        cause = f"{type(error).__name__}: {error}{place}"
        return NOTHING, [found("E002", f"ASGI_APPLICATION = {path!r} cannot be imported: {cause}")]


def inner_application(application: object) -> object:
    """Return the application that an ASGI middleware passes on to, or `None`."""
    candidates = (getattr(application, name, None) for name in ("inner", "application", "app"))
    return next(filter(callable, candidates), None)


def serves_websocket(application: object) -> bool | None:
    """Tell whether an application accepts WebSockets; `None` when its parts cannot be seen."""
    for _ in range(_DEEPEST):
        if isinstance(application, ProtocolTypeRouter):
            return "websocket" in application.application_mapping
        inner = inner_application(application)
        if inner is None:
            is_django = isinstance(application, BaseHandler)
            return False if is_django or not callable(application) else None
        application = inner
    return None


def endpoints(
    application: object, protocol: str = "", pattern: str = "", around: tuple[object, ...] = ()
) -> Iterator[Endpoint]:
    """Yield the GraphQL endpoints of an application, with what is around each."""
    consumer_class = getattr(application, "consumer_class", None)
    within = (*around, application)
    if len(around) > _DEEPEST:
        return
    if isinstance(application, AuthGraphQLProtocolTypeRouter):
        options = {"schema": application.schema, **application.options}
        pattern += application.url_pattern
        for each in ("http", "websocket"):
            yield Endpoint(each, pattern, type(application), options, within)
    elif isinstance(application, ProtocolTypeRouter):
        for each, inner in application.application_mapping.items():
            yield from endpoints(inner, each, pattern, within)
    elif isinstance(application, URLRouter):
        routes: list[Any] = application.routes
        for route in routes:
            yield from endpoints(route.callback, protocol, pattern + str(route.pattern), within)
    elif isinstance(consumer_class, type):
        options = getattr(application, "consumer_initkwargs", {})
        if "schema" in options:
            yield Endpoint(protocol, pattern, consumer_class, options, around)
    elif (inner := inner_application(application)) is not None:
        yield from endpoints(inner, protocol, pattern, within)
