"""JSON, with a faster library where one is installed.

Ground: imports nothing of its siblings. `orjson` (the extra `fast`) writes the same text as the
standard library for what GraphQL answers are made of; what it refuses, the standard library
writes: numbers beyond 64 bits, and text with a lone surrogate.
"""

from __future__ import annotations

import json
import math
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
    try:
        encoded = _dumps(data, ensure_ascii=False)
    except ValueError as error:
        if "JSON compliant" not in str(error):
            raise
        data = _finite(data)  # JSON has neither NaN nor infinities, and no client reads them.
        encoded = _dumps(data, ensure_ascii=False)
    # A lone surrogate has no UTF-8, and escaped it is JSON all the same.
    return encoded if _is_unicode(encoded) else _dumps(data, ensure_ascii=True)


def _dumps(data: object, *, ensure_ascii: bool) -> str:
    return json.dumps(
        data,
        cls=DjangoJSONEncoder,
        separators=(",", ":"),
        ensure_ascii=ensure_ascii,
        allow_nan=False,
    )


def _finite(data: object) -> object:
    """Return `data` with null for each number that JSON has not, as orjson does."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return data


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
