"""The context of a shared execution, in which nobody subscribes.

Imports `context` and the ground modules.
"""

from __future__ import annotations

from typing import Any, NoReturn

from ..context import GraphQLContext
from ..exceptions import SharedSubscriptionError

#: What a context has of the one who asks.
_VIEWER = frozenset(
    {
        "connection_params",
        "consumer",
        "cookies",
        "headers",
        "request",
        "response",
        "scope",
        "session",
        "user",
        "ws",
    }
)


class SharedContext(GraphQLContext):
    """A context without a viewer: asking for one is an error that says what to do instead.

    Attributes:
        audience: what the option `audience` of the subscription returned for every subscriber
            that shares this execution.
    """

    audience: Any

    def __init__(self, field: str, /, **items: Any) -> None:
        super().__init__(items)
        object.__setattr__(self, "_field", field)

    def _refuse(self, name: object) -> None:
        if name in _VIEWER and not super().__contains__(name):
            raise SharedSubscriptionError(object.__getattribute__(self, "_field"), str(name))

    @property
    def consumer(self) -> NoReturn:
        """No consumer serves it.

        Raises:
            SharedSubscriptionError: always.
        """
        raise SharedSubscriptionError(object.__getattribute__(self, "_field"), "consumer")

    def __missing__(self, name: str) -> NoReturn:
        self._refuse(name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        self._refuse(name)
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return what is called `name`, as a dict does."""
        self._refuse(name)
        return super().get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        """Take what is called `name`, as a dict does."""
        self._refuse(name)
        return super().pop(name, *default)
