"""Django's own ASGI handler around a view of ours."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import markcoroutinefunction
from django.core.signals import request_finished, request_started
from django.db import connections
from django.http import HttpRequest, HttpResponse

from strawberry_django.realtime import threads
from strawberry_django.realtime.conf import resolve_options
from strawberry_django.realtime.http.endpoint import GraphQLEndpoint
from strawberry_django.realtime.pool import ThreadPool
from strawberry_django.realtime.request import GraphQLRequest
from tests.support import Answer, Exchange, http_scope, request

FORM = {"content-type": "multipart/form-data; boundary=x"}


async def echo(request: GraphQLRequest) -> HttpResponse:
    return HttpResponse(request.body)


def endpoint(respond: Callable[..., Any] = echo, **options: Any) -> GraphQLEndpoint:
    return GraphQLEndpoint(respond, resolve_options(options))


async def test_a_request_is_ours_and_the_response_djangos() -> None:
    async def respond(request: GraphQLRequest) -> HttpResponse:
        assert type(request) is GraphQLRequest
        assert (request.GET["a"], request.body) == ("1", b"{}")
        return HttpResponse(b"body", status=201, headers={"X-Answer": "42"})

    answer = await request(endpoint(respond), "POST", "/graphql?a=1", b"{}")
    assert (answer.status, answer.body, answer["x-answer"]) == (201, b"body", "42")


async def test_a_body_in_pieces_is_put_together() -> None:
    answer = await request(endpoint(), body=[b"one ", b"two ", b"", b"three"])
    assert answer.body == b"one two three"


async def test_the_signals_of_a_request_are_sent() -> None:
    sent = []

    def receive(signal: Any, **_: Any) -> None:
        sent.append(signal)

    for signal in (request_started, request_finished):
        signal.connect(receive)
    await request(endpoint())
    for signal in (request_started, request_finished):
        signal.disconnect(receive)
    assert sent == [request_started, request_finished]


@pytest.mark.parametrize("heard", [False, True])
async def test_a_thread_is_started_for_a_receiver_of_the_projects_only(
    heard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = ThreadPool(size=4, wait=5, hold=5)
    monkeypatch.setattr(threads, "pool", pool)
    names: list[str] = []

    def receive(**_: Any) -> None:
        names.append(threading.current_thread().name)

    if heard:
        request_started.connect(receive)
    try:
        await request(endpoint())
    finally:
        request_started.disconnect(receive)
    assert names == ["strawberry_django_realtime"] * heard
    assert pool.usage[0] == heard
    pool.close()


@pytest.mark.parametrize("chunks", [[b"x" * 11], [b"x" * 6, b"x" * 5], [b"x" * 5] * 1000])
async def test_a_body_over_the_limit_is_413_as_it_arrives(
    settings: Any, chunks: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    exchange = Exchange(endpoint(), http_scope())
    await exchange.send(*chunks)
    answer = await exchange.answer()
    assert answer.status == 413
    assert answer.body == b"The body is longer than DATA_UPLOAD_MAX_MEMORY_SIZE (10 bytes)."
    assert (answer["content-length"], answer["connection"]) == (str(len(answer.body)), "close")
    assert [(record.levelno, record.exc_info) for record in caplog.records] == [
        (logging.WARNING, None)
    ]


async def test_a_refused_body_is_read_no_longer_than_a_bound(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    monkeypatch.setattr("strawberry_django.realtime.http.endpoint._DROPPED", 100)
    monkeypatch.setattr("strawberry_django.realtime.http.endpoint._DROPPING", 0.05)
    for pieces, left in ((1000, 977), (10, 0)):  # Too much of it, and a client that says no more.
        exchange = Exchange(endpoint(), http_scope(http_version="2"))
        for _ in range(pieces):
            piece = {"type": "http.request", "body": b"x" * 5, "more_body": True}
            await exchange.communicator.send_input(piece)
        answer = await exchange.answer()
        assert (answer.status, answer["connection"]) == (413, "")
        assert exchange.communicator.input_queue.qsize() == left


@pytest.mark.parametrize("length", ["10", "5", "-1", ""])
async def test_only_what_comes_counts_of_a_body_that_announces_something_else(
    settings: Any, length: str
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    headers = {"content-length": length}
    assert (await request(endpoint(), body=b"x" * 10, headers=headers)).status == 200
    assert (await request(endpoint(), body=b"x" * 11, headers=headers)).status == 413


async def test_a_length_that_python_does_not_read_is_413() -> None:
    answer = await request(endpoint(), body=b"x", headers={"content-length": "9" * 5000})
    assert answer.status == 413


@pytest.mark.parametrize("length", ["many", "1e9", "²", "0x1"])
async def test_a_length_that_is_no_number_is_400(length: str) -> None:
    answer = await request(endpoint(), body=b"x", headers={"content-length": length})
    assert (answer.status, answer.body) == (400, b"The request cannot be read.")


async def test_a_body_may_be_as_long_as_the_limit_or_without_one(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert (await request(endpoint(), body=b"x" * 10)).status == 200
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    assert (await request(endpoint(), body=b"x" * 4_000_000)).status == 200


async def test_uploads_are_limited_by_django_itself_where_they_are_on(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    async def respond(request: GraphQLRequest) -> HttpResponse:
        return HttpResponse(request.FILES["0"].read())

    part = b'--x\r\nContent-Disposition: form-data; name="0"; filename="a"\r\n\r\n%b\r\n--x--\r\n'
    body = part % (b"y" * 100)
    uploads = endpoint(respond, multipart_uploads_enabled=True)
    headers = {**FORM, "content-length": str(len(body))}
    assert (await request(uploads, body=body, headers=headers)).body == b"y" * 100
    assert (await request(endpoint(respond), body=body, headers=headers)).status == 413


async def test_a_client_that_leaves_before_its_body_is_read_is_forgotten() -> None:
    exchange = Exchange(endpoint(), http_scope())
    await exchange.communicator.send_input(
        {"type": "http.request", "body": b"half", "more_body": True}
    )
    await exchange.disconnect()
    assert exchange.communicator.output_queue.empty()


async def test_the_work_for_a_client_that_leaves_is_cancelled() -> None:
    events = []

    async def respond(request: GraphQLRequest) -> HttpResponse:
        try:
            events.append("started")
            await asyncio.Event().wait()
        finally:
            events.append("ended")
        return HttpResponse()

    exchange = Exchange(endpoint(respond), http_scope())
    await exchange.send(b"")
    await exchange.disconnect()
    assert events in (["started", "ended"], [])


async def test_a_fault_of_the_view_is_500_with_its_traceback_in_the_log_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def respond(request: GraphQLRequest) -> HttpResponse:
        raise ValueError("a secret")

    answer = await request(endpoint(respond))
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert caplog.records[0].exc_info is not None


# The project's own middleware.


class Header:
    """A middleware of the project."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[..., Any]) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = await self.get_response(request)
        response["X-Middleware"] = type(request).__name__
        return response


def synchronous(get_response: Callable[..., Any]) -> Callable[..., Any]:
    def middleware(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = get_response(request)
        response["X-Synchronous"] = "yes"
        return response

    return middleware


@pytest.fixture
def middleware(settings: Any) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        f"{__name__}.Header",
        f"{__name__}.synchronous",
    ]


async def answer_with(**options: Any) -> Answer:
    return await request(endpoint(**options), body=b"body")


@pytest.mark.usefixtures("middleware")
async def test_the_projects_middleware_is_around_the_view_where_it_is_asked_for() -> None:
    answer = await answer_with(django_middleware=True)
    assert answer.body == b"body"
    assert answer["x-middleware"] == "GraphQLRequest"
    assert answer["x-synchronous"] == "yes"
    assert answer["x-content-type-options"] == "nosniff"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("django_middleware", [True, False])
async def test_a_view_of_ours_works_under_atomic_requests(
    settings: Any, django_middleware: bool
) -> None:
    connections["default"].settings_dict["ATOMIC_REQUESTS"] = True
    try:
        answer = await answer_with(django_middleware=django_middleware)
    finally:
        connections["default"].settings_dict["ATOMIC_REQUESTS"] = False
    assert (answer.status, answer.body) == (200, b"body")
