"""Whether the resolvers of a schema need a channel layer that is not configured.

Imports the messages and `layers`. A resolver needs one when its own code names
`listen_to_channel` or `get_channel_layer`.
"""

from __future__ import annotations

import inspect
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from .layers import configured_layers
from .messages import found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.core.checks import CheckMessage

    from .application import Endpoint

_USES = frozenset({"listen_to_channel", "get_channel_layer"})


def check_layer_of_schemas(served: Sequence[Endpoint]) -> list[CheckMessage]:
    """Report root fields that use a channel layer which `CHANNEL_LAYERS` does not have."""
    layers = configured_layers()
    wanting: dict[str, set[str]] = {}
    for endpoint in served:
        alias = getattr(endpoint.consumer_class, "channel_layer_alias", "default")
        if alias not in layers:
            fields = wanting.setdefault(alias, set())
            fields.update(_fields_with_layer(endpoint.options["schema"]))
    return [
        found(
            "E006", f"CHANNEL_LAYERS has no {alias!r} layer; needed by {', '.join(sorted(fields))}."
        )
        for alias, fields in sorted(wanting.items())
        if fields
    ]


def _fields_with_layer(schema: Any) -> Iterator[str]:
    roots = [getattr(schema, name, None) for name in ("query", "mutation", "subscription")]
    definitions = [getattr(root, "__strawberry_definition__", None) for root in roots]
    for definition in filter(None, definitions):
        for field in definition.fields:
            resolver = field.base_resolver
            function = inspect.unwrap(resolver.wrapped_func) if resolver else None
            if isinstance(function, FunctionType) and _uses_layer(function.__code__):
                yield f"{definition.name}.{field.python_name}"


def _uses_layer(code: CodeType) -> bool:
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return not _USES.isdisjoint(code.co_names) or any(map(_uses_layer, inner))
