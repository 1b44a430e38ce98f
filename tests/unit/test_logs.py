"""What the log says of an error that is the client's own."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import pytest
import strawberry
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.exceptions import PermissionDenied
from strawberry.types.execution import PreExecutionError

import strawberry_django
from strawberry_django.realtime.logs import log_client_errors_briefly

QUERY = "query ($day: Date!) { year(day: $day) }"


@strawberry.type
class Query:
    @strawberry.field
    def year(self, day: datetime.date) -> int:
        if day.year > 3000:
            raise PermissionDenied("not so far")
        if day.year == 1:
            raise RuntimeError("a fault of the project")
        return day.year


def logged(caplog: pytest.LogCaptureFixture, variables: Mapping[str, str]) -> str:
    log_client_errors_briefly()
    schema = strawberry.Schema(query=Query)
    assert schema.execute_sync(QUERY, variable_values=dict(variables)).errors
    (record,) = caplog.records
    assert record.name == "strawberry.execution"
    return caplog.text


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"day": "no date"}, 'Value cannot represent a Date: "no date".'),
        ({}, "Expected a value of non-null type 'Date!' to be provided."),
        ({"day": "3001-01-01"}, "not so far"),
    ],
)
def test_what_the_client_did_has_no_traceback(
    caplog: pytest.LogCaptureFixture, variables: Mapping[str, str], message: str
) -> None:
    text = logged(caplog, variables)
    assert message in text
    assert "Traceback" not in text
    assert "GraphQLError:" not in text


def test_what_a_resolver_did_keeps_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    text = logged(caplog, {"day": "0001-01-01"})
    assert "Traceback" in text
    assert "RuntimeError: a fault of the project" in text


def test_an_error_without_a_cause_is_logged_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    log_client_errors_briefly()
    strawberry.Schema(query=Query).execute_sync("{ nothing }")
    assert "Cannot query field 'nothing'" in caplog.text


async def test_an_operation_that_the_document_has_not_has_no_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log_client_errors_briefly()
    schema = strawberry.Schema(query=Query)
    results = await schema.stream("query A { __typename }", operation_name="B")
    (result,) = [result async for result in results]
    assert isinstance(result, PreExecutionError)
    assert 'Unknown operation named "B".' in caplog.text
    assert "Traceback" not in caplog.text


def send() -> bool:
    layer: Any = get_channel_layer()
    async_to_sync(layer.group_send)("group", {"type": "test.message"})
    return True


@strawberry.type
class Sends:
    plainly: bool = strawberry.field(resolver=send)
    in_a_thread: bool = strawberry_django.field(resolver=send)


async def test_async_to_sync_in_a_plain_resolver_says_what_to_write(
    caplog: pytest.LogCaptureFixture, channel_layer: object
) -> None:
    log_client_errors_briefly()
    schema = strawberry.Schema(query=Sends)
    works = await schema.execute("{ inAThread }")
    assert getattr(works, "data", None) == {"inAThread": True}
    refused = await schema.execute("{ plainly }")
    for told in (str(refused.errors), caplog.text):
        assert "Make the resolver `async def`" in told
        assert "strawberry_django.mutation" in told
