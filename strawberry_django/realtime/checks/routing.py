"""Whether the ASGI application serves GraphQL safely: its WebSocket, users, origins and patterns.

Imports the sibling checks, the consumers' base and Channels' middleware. The application is loaded
once, and everything that depends on it is reported from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.auth import AuthMiddleware
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.core.exceptions import ImproperlyConfigured
from strawberry.channels import GraphQLHTTPConsumer as StrawberryHTTPConsumer
from strawberry.channels import GraphQLProtocolTypeRouter as StrawberryRouter
from strawberry.channels import GraphQLWSConsumer as StrawberryWSConsumer

from ..conf import resolve_options
from ..consumer import GraphQLConsumer
from .application import NOTHING, Endpoint, endpoints, load, module_name, serves_websocket
from .imports import import_order
from .messages import found
from .schemas import check_layer_of_schemas
from .sessions import check_sessions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.core.checks import CheckMessage

_CHANNELS = (
    AuthMiddleware,
    CookieMiddleware,
    OriginValidator,
    ProtocolTypeRouter,
    SessionMiddleware,
    URLRouter,
)
"""Channels' own applications, of which we know what they do."""

_STOCK = (StrawberryHTTPConsumer, StrawberryWSConsumer)


def check_asgi_application() -> list[CheckMessage]:
    """Report what is wrong with the application that `ASGI_APPLICATION` names."""
    application, messages = load()
    if application is NOTHING:
        return messages
    served = list(endpoints(application))
    return [
        *_check_import_order(),
        *_check_websocket(application),
        *_check_consumers(served),
        *_check_patterns(served),
        *check_sessions([each for each in served if reads_session(each)]),
        *check_layer_of_schemas(served),
    ]


def reads_session(endpoint: Endpoint) -> bool:
    """Tell whether an endpoint takes its user from Django's session."""
    if endpoint.is_inside(CookieMiddleware, SessionMiddleware, AuthMiddleware):
        return True
    if _is_stock(endpoint):
        return False
    options = {name: value for name, value in endpoint.options.items() if name != "schema"}
    try:
        resolved = resolve_options(options)
    except (AttributeError, ImproperlyConfigured, TypeError):
        return True  # The options cannot be read, which E011 reports.
    in_middleware = resolved["django_middleware"] and endpoint.protocol == "http"
    return resolved["session_auth"] or in_middleware


def _check_import_order() -> list[CheckMessage]:
    order = import_order(module_name())
    if order.models:
        text = (
            f"{order.models[0]}, reaches {order.reached} before get_asgi_application(): a server "
            "that imports it stops with AppRegistryNotReady. "
            f"The way there: {' → '.join(map(str, order.models))}."
        )
        return [found("E004", text)]
    if order.ready is None:
        never = f"{module_name()} never calls get_asgi_application()"
        return [found("E004", f"{never}, so a server runs it without setting Django up.")]
    if order.schema is not None:
        text = (
            f"{order.schema}, imports the schema ({order.schema_module}) before "
            f"get_asgi_application() ({order.ready}): the first model that the schema uses will "
            "stop the server with AppRegistryNotReady."
        )
        return [found("W002", text)]
    return []


def _check_websocket(application: object) -> list[CheckMessage]:
    if serves_websocket(application) is not False:
        return []
    kind = f"{type(application).__module__}.{type(application).__qualname__}"
    return [found("E003", f"ASGI_APPLICATION is a {kind}, which serves no WebSocket.")]


def _check_consumers(served: list[Endpoint]) -> list[CheckMessage]:
    stock_router = [each for each in served if each.is_inside(StrawberryRouter)]
    routed = [each for each in served if each not in stock_router and not _is_vendored(each)]
    stock = [each for each in routed if _is_stock(each)]
    known = [each for each in routed if not _has_own_middleware(each)]
    anonymous = [each for each in known if not reads_session(each)]
    unchecked = [
        each
        for each in known
        if each in stock and each.protocol == "websocket" and not each.is_inside(OriginValidator)
    ]
    messages = []
    if stock_router:
        text = (
            "ASGI_APPLICATION uses Strawberry's GraphQLProtocolTypeRouter: it knows no user and "
            "checks no host."
        )
        messages.append(found("W003", text))
    if anonymous:
        text = f"GraphQL ({_list(anonymous)}) is routed without authentication: it knows no user."
        messages.append(found("W003", text))
    if unchecked:
        text = f"GraphQL ({_list(unchecked)}) is routed without AllowedHostsOriginValidator."
        messages.append(found("W004", text))
    if stock:
        text = (
            f"GraphQL ({_list(stock)}) is served by Strawberry's own consumers: "
            "info.context.request is no Django request, and Django's protections do not reach it."
        )
        messages.append(found("W005", text))
    return messages


def _check_patterns(served: list[Endpoint]) -> list[CheckMessage]:
    patterns = {each.pattern for each in served}
    return [
        found("W006", f"The URL pattern {pattern!r} matches nothing: it begins with a slash.")
        for pattern in sorted(patterns)
        if pattern.lstrip("^").startswith("/")
    ]


def _is_stock(endpoint: Endpoint) -> bool:
    kind = endpoint.consumer_class
    return issubclass(kind, _STOCK) and not issubclass(kind, GraphQLConsumer)


def _is_vendored(endpoint: Endpoint) -> bool:
    """Tell whether it belongs to strawberry-graphql-django's own router, which E010 reports."""
    return any(type(each).__module__ == "strawberry_django.routers" for each in endpoint.around)


def _has_own_middleware(endpoint: Endpoint) -> bool:
    """Tell whether the project put something of its own around the consumer.

    It may authenticate and check as it likes. A subclass of Channels' own counts as Channels' own.
    """
    return not all(isinstance(each, _CHANNELS) for each in endpoint.around)


def _list(served: Iterable[Endpoint]) -> str:
    return ", ".join(sorted({str(each) for each in served}))
