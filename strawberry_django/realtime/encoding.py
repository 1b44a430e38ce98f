"""JSON, with a faster library where one is installed.

Ground: imports nothing of its siblings. `orjson` (the extra `fast`) writes the same text as the
standard library for what GraphQL answers are made of; what it refuses, the standard library
writes: numbers beyond 64 bits, and text with a lone surrogate.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

try:
    import orjson
except ImportError:  # pragma: no cover - the extra is not installed
    orjson = None  # type: ignore[assignment]

_django = DjangoJSONEncoder()


class Encoded(dict[str, Any]):
    """An object that was encoded before.

    Args:
        text: how.
        content: what is in it.
    """

    def __init__(self, text: str, content: dict[str, Any]) -> None:
        super().__init__(content)
        self.text = text


def encode(data: object) -> str:
    """Encode what is sent to a client; dates, decimals and UUIDs as Django does."""
    if isinstance(data, Encoded):
        return data.text
    if orjson is not None and type(data) is dict:
        try:
            return orjson.dumps(data, _django.default, _PASS_ON).decode()
        except TypeError:  # It says no more than that it cannot.
            pass
    return _encode(data)


def _encode(data: object) -> str:
    encoded = json.dumps(data, cls=DjangoJSONEncoder, separators=(",", ":"), ensure_ascii=False)
    # A lone surrogate has no UTF-8, and escaped it is JSON all the same.
    return encoded if _is_unicode(encoded) else json.dumps(data, cls=DjangoJSONEncoder)


def decode(text: str | bytes) -> Any:
    """Decode JSON.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text)


def _is_unicode(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


#: What Django writes in another way than orjson.
_PASS_ON = (
    0
    if orjson is None
    else orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATACLASS
)
