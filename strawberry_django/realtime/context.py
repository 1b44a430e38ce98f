"""What a resolver finds as `info.context`.

Imports `request` and the ground modules only.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http import HttpResponse

    from .interfaces import Consumer
    from .request import GraphQLRequest


class GraphQLContext(dict[str, Any]):
    """A context that is read as attributes and as a mapping: one for each operation.

    `info.context.request` is what strawberry_django and Django code expect, and
    `info.context["request"]` is what Channels code expects. Add what you like in
    a consumer's `get_context`: `context["loader"] = …` is read as
    `info.context.loader`.

    Attributes:
        request: the Django request, with `.user`, `.session`, `.scope` and `.consumer`.
        response: over HTTP, the response's headers, cookies and status to set;
            over WebSocket, `None`.
        ws: over WebSocket, the consumer; over HTTP, `None`.
        connection_params: the payload of `connection_init`; over HTTP, `None`.
    """

    if TYPE_CHECKING:
        request: GraphQLRequest
        response: HttpResponse | None
        ws: Consumer | None
        connection_params: dict[str, Any] | None

    @property
    def consumer(self) -> Consumer:
        """The Channels consumer that serves the operation."""
        return self.request.consumer

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"The context has no {name!r}. It has: {', '.join(sorted(self))}."
            ) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    @classmethod
    def wrap(cls, context: Any) -> Any:
        """Return `context`; a plain dict becomes a `GraphQLContext` of the same items."""
        return cls(context) if type(context) is dict else context


class ConnectionContext:
    """The context that a connection began with, and what `on_connect` has added to it since.

    Every operation has a context of its own; what was added to this one, it has as well.

    Args:
        context: what `get_context` returned, before `on_connect` was asked.
    """

    def __init__(self, context: Any) -> None:
        self.context = GraphQLContext.wrap(context)
        self._before = dict(_items(self.context))

    def settled(self) -> ConnectionContext:
        """Return this as it is now, without what is added from now on."""
        settled = copy(self)
        settled.context = dict(_items(self.context))
        return settled

    def give_to(self, fresh: Any) -> Any:
        """Return the context of an operation, with all that was added or replaced."""
        fresh = GraphQLContext.wrap(fresh)
        added = {
            name: value
            for name, value in _items(self.context).items()
            if name not in self._before or self._before[name] is not value
        }
        if isinstance(fresh, dict):
            fresh.update({"connection_params": None, **fresh, **added})
            return fresh
        if not hasattr(fresh, "connection_params"):  # Strawberry gives them to who has a place.
            added.pop("connection_params", None)
        for name, value in added.items():
            setattr(fresh, name, value)
        return fresh


def _items(context: Any) -> dict[str, Any]:
    """Return what a context holds: a mapping, an object, or one with `__slots__`."""
    if isinstance(context, dict):
        return context
    names = [*getattr(context, "__dict__", ()), *getattr(context, "__slots__", ())]
    return {name: getattr(context, name) for name in names if hasattr(context, name)}
