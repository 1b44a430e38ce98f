"""One execution, and those who receive its results."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
import strawberry
from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import SimpleUploadedFile
from graphql import GraphQLError

from strawberry_django.realtime import GraphQLWSConsumer, shared_subscription
from strawberry_django.realtime.broadcast.run import Member, Run, SharedOperation
from strawberry_django.realtime.conf import DEFAULTS, RealtimeOptions
from tests.support import until

state = threading.local()


@sync_to_async
def entered() -> str:
    return getattr(state, "entered", "")


@strawberry.type
class Query:
    ping: str = "pong"


@strawberry.type
class Subscription:
    @shared_subscription
    async def count(self) -> AsyncGenerator[str, None]:
        for number in range(3):
            yield f"{number}{await entered()}"


schema = strawberry.Schema(query=Query, subscription=Subscription)


def operation(variables: Any = None, **options: Any) -> SharedOperation:
    consumer = GraphQLWSConsumer(schema, **options)
    return SharedOperation(consumer, "count", "subscription { count }", variables, None, None)


def forget(run: Run) -> None:
    """Do nothing."""


class Told(Member):
    """A member that notes what it is sent."""

    def __init__(self, **options: Any) -> None:
        super().__init__(cast("RealtimeOptions", {**DEFAULTS, **options}))
        self.texts: list[str] = []
        self.behind = 0
        self.errors: list[GraphQLError] | None = None

    def send(self, text: str, payload: dict[str, Any]) -> None:
        self.texts.append(text)

    def fall_behind(self) -> None:
        self.behind += 1

    def end(self, errors: list[GraphQLError], refused: bool) -> None:
        self.errors = errors


class Broken(Told):
    """A member that fails in whatever it is asked."""

    def send(self, text: str, payload: dict[str, Any]) -> None:
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    def end(self, errors: list[GraphQLError], refused: bool) -> None:
        super().end(errors, refused)
        raise ValueError("not even this")


@pytest.mark.parametrize(
    ("policy", "left", "behind"),
    [("drop_oldest", ["3", "4"], 0), ("latest", ["4"], 0), ("close", [], 3)],
)
def test_what_is_held_has_the_bound_and_the_policy_of_what_waits(
    policy: Any, left: list[str], behind: int
) -> None:
    member = Told(slow_consumer=policy, listener_capacity=2)
    member.hold()
    for number in range(5):
        member.take(str(number), {})
    assert member.behind == behind
    if policy != "close":
        member.release()
    assert member.texts == left


async def test_a_member_that_fails_is_no_matter_of_the_others() -> None:
    run = Run(operation(), forget)
    broken, told, late = members = [Broken(), Told(), Broken()]
    for member in members:
        run.add(member)
    late.hold()
    await until(lambda: told.errors is not None)
    assert told.texts == [f'{{"data":{{"count":"{number}"}}}}' for number in range(3)]
    assert told.errors == []
    assert [str(error) for error in broken.errors or ()] == ["Internal server error"]


async def test_the_state_of_a_thread_is_entered_without_an_audience_too() -> None:
    @contextmanager
    def enter(audience: Any) -> Iterator[None]:
        state.entered = f" for {audience}"
        yield

    told = Told()
    Run(operation(enter_thread=enter), forget).add(told)
    await until(lambda: told.errors is not None)
    assert told.texts[0] == '{"data":{"count":"0 for None"}}'


def test_files_of_one_name_are_not_the_same() -> None:
    one, other = (operation({"file": SimpleUploadedFile("a.txt", b)}) for b in (b"1", b"2"))
    assert one.key != other.key
    assert one.key == SharedOperation(**vars(one)).key
