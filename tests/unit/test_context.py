"""What a resolver finds as `info.context`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from strawberry_django.realtime.context import ConnectionContext, GraphQLContext
from strawberry_django.realtime.request import GraphQLRequest
from strawberry_django.realtime.websocket.consumer import GraphQLWSConsumer
from tests.schema import schema
from tests.support_websocket import websocket_scope


def context_of_a_consumer() -> GraphQLContext:
    request = GraphQLRequest.from_handshake(websocket_scope())
    request.consumer = GraphQLWSConsumer(schema)
    return GraphQLContext(request=request, response=None, ws=request.consumer)


def test_it_is_read_as_attributes_and_as_a_mapping() -> None:
    context = context_of_a_consumer()
    assert context.request is context["request"] is context.get("request")
    assert context.ws is context["ws"] is context.consumer is context.request.consumer
    assert context.response is context["response"] is None
    assert context.get("nothing") is None
    assert isinstance(context, dict)


def test_what_is_set_one_way_is_read_the_other() -> None:
    context = GraphQLContext()
    context.loader = "a loader"
    context["number"] = 1
    assert (context["loader"], context.number) == ("a loader", 1)
    assert dict(context) == {"loader": "a loader", "number": 1}


def test_a_missing_attribute_says_what_there_is() -> None:
    context = GraphQLContext(request=None, loader=None)
    with pytest.raises(AttributeError, match="It has: loader, request"):
        _ = context.lodaer
    assert getattr(context, "nothing", "default") == "default"
    with pytest.raises(KeyError):
        _ = context["nothing"]


def test_a_plain_dict_becomes_a_context_of_the_same_items() -> None:
    request = object()
    context = GraphQLContext.wrap({"request": request, "loader": 1})
    assert isinstance(context, GraphQLContext)
    assert context.request is request
    assert context.loader == 1


class OtherDict(dict[str, Any]):
    """A mapping that a project has chosen."""


@pytest.mark.parametrize(
    "context", [GraphQLContext(a=1), OtherDict(a=1), SimpleNamespace(a=1), None, "text"]
)
def test_any_other_context_stays_what_it_is(context: Any) -> None:
    assert GraphQLContext.wrap(context) is context


class Slotted:
    __slots__ = ("connection_params", "loader", "locale")

    def __init__(self, loader: str) -> None:
        self.loader = loader


@pytest.mark.parametrize("kind", [dict, OtherDict, SimpleNamespace, Slotted])
def test_what_a_connection_is_given_its_operations_have(kind: Any) -> None:
    connection = ConnectionContext(kind(loader="of the connection"))
    begun = connection.context
    setter = type(begun).__setitem__ if isinstance(begun, dict) else setattr
    setter(begun, "locale", "fr")
    given = connection.give_to(kind(loader="fresh"))
    getter = type(given).__getitem__ if isinstance(given, dict) else getattr
    assert (getter(given, "locale"), getter(given, "loader")) == ("fr", "fresh")
