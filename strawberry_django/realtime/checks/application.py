"""The ASGI application as the checks see it: loaded, and taken apart into its GraphQL endpoints.

Nothing is called: the parts of an application are read from the attributes under which Channels
(and most ASGI middleware) keeps them.
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
from .catalogue import found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.core.checks import CheckMessage

_INNER = ("inner", "application", "app")
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


def load() -> tuple[object, list[CheckMessage]]:
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
