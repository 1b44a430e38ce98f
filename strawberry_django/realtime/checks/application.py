"""The ASGI application as the checks see it: loaded, and taken apart into its GraphQL endpoints.

Imports the messages, Channels' routing and the router. Nothing is called: the parts of an
application are read from the attributes under which Channels (and most ASGI middleware) keeps them.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.handlers.base import BaseHandler

from ..routing import AuthGraphQLProtocolTypeRouter
from .messages import found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.core.checks import CheckMessage

_INNER = ("inner", "application", "app")
_DEEPEST = 50

NOTHING = object()
"""What stands for the application when there is none to look at."""


@dataclass(frozen=True, eq=False)
class Endpoint:
    """Describe one place at which an application serves GraphQL.

    Args:
        protocol: the ASGI scope type ("http" or "websocket"), empty when no router told.
        pattern: the URL patterns that lead to it, joined.
        consumer_class: the Channels consumer, or the router itself.
        options: what the consumer was made with, the schema included.
        around: the applications around it, the outermost first.
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


def module_name() -> str:
    """Return the module that `ASGI_APPLICATION` names, or an empty string."""
    path = getattr(settings, "ASGI_APPLICATION", None)
    return path.rpartition(".")[0] if isinstance(path, str) else ""


def load() -> tuple[object, list[CheckMessage]]:
    """Import what `ASGI_APPLICATION` names, and report why that cannot be done.

    A module that is being imported just now (it runs a management command itself) is left alone.
    """
    name = module_name()
    if not name:
        value = getattr(settings, "ASGI_APPLICATION", None)
        text = f"ASGI_APPLICATION is {value!r}; expected a path: 'myproject.asgi.application'."
        return NOTHING, [found("E001", text)]
    spec = getattr(sys.modules.get(name), "__spec__", None)
    if getattr(spec, "_initializing", False):
        return NOTHING, []
    path = settings.ASGI_APPLICATION
    try:
        return getattr(importlib.import_module(name), path.rpartition(".")[2]), []
    except (Exception, SystemExit) as error:
        cause = f"{type(error).__name__}: {error}{_place(error)}"
        text = f"ASGI_APPLICATION = {path!r} cannot be imported: {cause}"
        return NOTHING, [found("E002", text)]


def _place(error: BaseException) -> str:
    """Say where an import failed, leaving out the frames of the import system and this module."""
    frames = traceback.extract_tb(error.__traceback__)
    own = {__file__, importlib.__file__}
    places = [
        each for each in frames if each.filename not in own and "<frozen" not in each.filename
    ]
    return f" ({places[-1].filename}, line {places[-1].lineno})" if places else ""


def inner_application(application: object) -> object:
    """Return the application that an ASGI middleware passes on to, or `None`."""
    candidates = (getattr(application, name, None) for name in _INNER)
    return next((each for each in candidates if callable(each)), None)


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
        for each in ("http", "websocket"):
            yield Endpoint(
                each, pattern + application.url_pattern, type(application), options, within
            )
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
