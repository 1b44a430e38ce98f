"""What a client can read, whichever library writes it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from strawberry_django.realtime import encoding


@pytest.mark.parametrize("library", ["orjson", "json"])
@pytest.mark.parametrize(
    ("value", "read"),
    [
        (math.nan, None),
        ([math.inf, 2**70, {"a": (-math.inf, 1.5)}], [None, 2**70, {"a": [None, 1.5]}]),
        ("\ud800é", "\ud800é"),
        (["\ud800", math.nan], ["\ud800", None]),
        ({1: -0.0}, {"1": -0.0}),
    ],
)
def test_whatever_writes_it_is_json(
    library: str, value: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    if library == "json":
        monkeypatch.setattr(encoding, "orjson", None)
    text = encoding.encode({"data": value})
    text.encode()
    assert json.loads(text, parse_constant=refuse) == {"data": read}


def test_what_contains_itself_is_refused() -> None:
    data: dict[str, Any] = {}
    data["data"] = data
    with pytest.raises(ValueError, match="Circular"):
        encoding.encode(data)
