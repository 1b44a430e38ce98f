"""Frames that a client might send: right ones, wrong ones, and what must come of them.

Imports Hypothesis and the library's protocol module only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from hypothesis import HealthCheck
from hypothesis import strategies as st

#: Slow generation and large inputs are no fault here.
EVERY_CHECK: list[HealthCheck] = [*cast("Iterable[HealthCheck]", HealthCheck)]

#: Any JSON value, small enough to be sent often.
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)

ids = st.sampled_from(["1", "2", "3", "a" * 200, "\N{SNOWMAN}"])

#: Operations that end by themselves, in a result or in an error.
short_documents = st.sampled_from(
    [
        "{ me }",
        "{ me",
        "",
        "{ nothing }",
        "mutation { shout(text: 1) }",
        'mutation { shout(text: "a") }',
        "subscription { count }",
        "query A { me } query B { me }",
        "query ($n: Int!) { echo(number: $n) }",
        "{ " * 400 + "me" + " }" * 400,
        "fragment F on Query { ...F } { ...F }",
        "{ __schema { types { name fields { name type { name } } } } }",
    ]
)

#: Operations that stay until somebody ends them.
lasting_documents = st.sampled_from(["subscription { forever }", "subscription { listen }"])

optional_objects = st.none() | st.dictionaries(st.text(max_size=6), json_values, max_size=2)


def subscribe_payloads(documents: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Build payloads of the right shape."""
    return st.fixed_dictionaries(
        {"query": documents},
        optional={
            "variables": optional_objects,
            "operationName": st.none() | st.sampled_from(["A", "C", ""]),
            "extensions": optional_objects,
        },
    )


#: One message of each type, to be spoiled.
_TEMPLATES: list[dict[str, Any]] = [
    {"type": "connection_init", "payload": {}},
    {"type": "ping", "payload": {}},
    {"type": "pong", "payload": {}},
    {"type": "complete", "id": "1"},
    {
        "type": "subscribe",
        "id": "1",
        "payload": {"query": "{ me }", "variables": {}, "operationName": None, "extensions": {}},
    },
]


@st.composite
def spoiled_messages(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """Build a message with one field of any type, or without one, or with one too many."""
    message = {**draw(st.sampled_from(_TEMPLATES))}
    spot = message
    if isinstance(message.get("payload"), dict) and draw(st.booleans()):
        spot = message["payload"] = {**message["payload"]}
    key = draw(st.sampled_from([*spot, "surplus"]))
    if draw(st.booleans()):
        spot[key] = draw(json_values)
    else:
        spot.pop(key, None)
    return message


#: Text frames that are no JSON, or JSON that is hard to take.
raw_texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "[" * 100_000,
            '{"a":' * 50_000,
            "9" * 6000,
            "NaN",
            "Infinity",
            '"\\ud800"',
            "\x00",
            "{}",
            '{"type":"ping","type":1}',
            " " * 1000,
        ]
    ),
)
