"""Whether the ASGI application serves GraphQL safely: its WebSocket, users, origins and patterns.

The application is loaded once, and everything that depends on it is reported from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.auth import AuthMiddleware
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from strawberry.channels import GraphQLHTTPConsumer as StrawberryHTTPConsumer
from strawberry.channels import GraphQLProtocolTypeRouter as StrawberryRouter
from strawberry.channels import GraphQLWSConsumer as StrawberryWSConsumer

from ..conf import resolve_options
from ..consumer import GraphQLConsumer
from .application import NOTHING, Endpoint, endpoints, load, serves_websocket
from .catalogue import found
from .imports import check_import_order
from .needs import check_layer_of_schemas, check_sessions

if TYPE_CHECKING:
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
        *check_import_order(settings.ASGI_APPLICATION.rpartition(".")[0]),
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


def _check_websocket(application: object) -> list[CheckMessage]:
    if serves_websocket(application) is not False:
        return []
    kind = f"{type(application).__module__}.{type(application).__qualname__}"
    return [found("E003", f"ASGI_APPLICATION is a {kind}, which serves no WebSocket.")]


def _check_consumers(served: list[Endpoint]) -> list[CheckMessage]:
    stock_router = [each for each in served if each.is_inside(StrawberryRouter)]
    routed = [each for each in served if each not in stock_router and not _is_vendored(each)]
    known = [each for each in routed if not _has_own_middleware(each)]
    stock = [each for each in routed if _is_stock(each)]
    anonymous = [each for each in known if not reads_session(each)]
    unchecked = [
        each
        for each in known
        if each in stock and each.protocol == "websocket" and not each.is_inside(OriginValidator)
    ]
    faults = (
        ("W003", stock_router, "uses GraphQLProtocolTypeRouter: it knows no user, checks no host"),
        ("W003", anonymous, "is routed without authentication: it knows no user"),
        ("W004", unchecked, "is routed without AllowedHostsOriginValidator"),
        ("W005", stock, "has Strawberry's consumers: info.context.request is no Django request"),
    )
    return [
        found(number, f"GraphQL ({', '.join(sorted(set(map(str, where))))}) {what}.")
        for number, where, what in faults
        if where
    ]


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
