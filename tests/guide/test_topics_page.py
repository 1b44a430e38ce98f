"""The page docs/guide/topics.md: what its snippets do, in this process."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import RequestFactory

from strawberry_django.realtime import (
    AuthGraphQLProtocolTypeRouter,
    ListenerOverflowError,
    PayloadError,
    Topic,
)
from strawberry_django.realtime.broadcast.context import _VIEWER
from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator
from tests.guide.support import read
from tools.harness import live, projects

PAGE = (live.ROOT / "docs/guide/topics.md").read_text(encoding="utf-8")
SECONDS = 5


@pytest.fixture
def games(
    settings: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SimpleNamespace]:
    """The app of the page, its table, and one game in it."""
    monkeypatch.syspath_prepend(projects.SNIPPETS / "topics")
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "games"]
    names = ("models", "schema", "scoring", "topics", "views")
    found = {name: import_module(f"games.{name}") for name in names}
    game = found["models"].Game
    with connection.schema_editor() as editor:
        editor.create_model(game)
    game.objects.bulk_create([game(pk=1), game(pk=2)])
    schema = found["schema"].schema
    application = AuthGraphQLProtocolTypeRouter(schema, allow_missing_origin=True)
    yield SimpleNamespace(application=application, **found)
    with connection.schema_editor() as editor:
        editor.delete_model(game)


class Listener:
    """A socket with one subscription, which asks to be told when it listens."""

    def __init__(self, socket: GraphQLWebsocketCommunicator) -> None:
        self.socket = socket

    async def listen(self, query: str) -> None:
        payload = {"query": query, "extensions": {"confirm": True}}
        await self.socket.send_json_to({"id": "1", "type": "subscribe", "payload": payload})
        assert await self.socket.receive_json_from() == {
            "type": "ping",
            "payload": {"subscribed": "1"},
        }

    async def message(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.socket.receive_json_from()
        assert message.pop("id") == "1"
        return message

    async def data(self) -> Any:
        message = await self.message()
        assert message["type"] == "next", message
        (value,) = message["payload"]["data"].values()
        return value


@pytest.fixture
async def listener(games: SimpleNamespace) -> AsyncIterator[Listener]:
    async with GraphQLWebsocketCommunicator(games.application) as socket:
        yield Listener(socket)


async def test_news_comes_from_a_view_and_from_a_command(
    games: SimpleNamespace, listener: Listener
) -> None:
    ada = await sync_to_async(User.objects.create_user)("ada", is_staff=True)

    def announce(method: str, user: Any) -> int:
        request = getattr(RequestFactory(), method)("/announce/", {"text": "From a view"})
        request.user = user
        status: int = games.views.announce(request).status_code
        return status

    await listener.listen("subscription { greeted }")
    async with GraphQLWebsocketCommunicator(games.application, user=ada) as socket:
        of_ada = Listener(socket)
        await of_ada.listen("subscription { greeted }")
        for method, user, status in (
            ("get", ada, 405),
            ("post", AnonymousUser(), 302),
            ("post", ada, 204),
        ):
            assert await sync_to_async(announce)(method, user) == status
        assert await of_ada.data() == "ada, From a view"
    assert await listener.data() == "stranger, From a view"
    await sync_to_async(call_command)("announce", "From a command")
    assert await listener.data() == "stranger, From a command"
    await games.topics.news.publish("Not for all", group="staff")
    await games.topics.news.publish("For all", group="everybody")
    assert await listener.data() == "stranger, For all"


async def test_on_commit_nothing_is_sent_after_a_rollback(
    games: SimpleNamespace, listener: Listener
) -> None:
    def score() -> None:
        with transaction.atomic():
            games.scoring.home_scores(1)
            transaction.set_rollback(True)
        with connection.execute_wrapper(note):
            games.scoring.home_scores(1)

    in_transaction = []

    def note(execute: Any, *arguments: Any) -> Any:
        in_transaction.append(connection.in_atomic_block)
        return execute(*arguments)

    await listener.listen('subscription { scoresChanged(games: ["2", "1"]) { home } }')
    await sync_to_async(score)()
    assert await listener.data() == {"home": 1}
    assert in_transaction.count(True) == 2, "both queries are in one"
    await games.topics.scores.end(game=2)
    assert (await listener.message())["type"] == "complete"


async def test_what_comes_first_and_what_ends(games: SimpleNamespace, listener: Listener) -> None:
    await listener.listen(read("topics/requests/score.graphql"))
    assert await listener.data() == {"home": 0, "away": 0}
    async with GraphQLWebsocketCommunicator(games.application) as other:
        await other.execute('mutation { setScore(game: "1", home: 2, away: 1) { home } }')
        assert await listener.data() == {"home": 2, "away": 1}
        assert await games.models.Game.objects.filter(home=2, away=1).aexists()
        ended = await other.execute('mutation { finalWhistle(game: "1") }')
        assert ended.data == {"finalWhistle": True}
    assert await listener.message() == {"type": "complete"}


async def test_which_events_a_subscription_receives() -> None:
    topic = Topic("tests.keys", str)
    async with topic.subscribe(game=[1, 2], live=True) as events:
        for keys in ({"game": 1}, {"game": 3, "live": True}, {}, {"game": 1, "live": False}):
            await topic.publish("no", **keys)
        await topic.publish("first", game="1", live=True)
        await topic.publish("second", live=True, game=2)
        assert [await anext(events), await anext(events)] == ["first", "second"]


async def test_what_cannot_travel_is_refused(games: SimpleNamespace) -> None:
    with pytest.raises(PayloadError) as wrong:
        await games.topics.scores.publish(games.topics.Score(game="1", home="two", away=0))
    assert f"`{wrong.value}`" in PAGE
    assert (wrong.value.path, wrong.value.value) == (".home", "two")
    with pytest.raises(TypeError, match="cannot be sent to other processes"):
        await Topic("tests.unfit", SimpleNamespace).publish(SimpleNamespace())


async def test_a_dashboard_sees_the_newest_and_others_are_ended(games: SimpleNamespace) -> None:
    topics, few = games.topics, Topic("tests.few", int, capacity=2)
    async with topics.attendance.subscribe() as counts, few.subscribe() as numbers:
        for number in range(4):
            await topics.attendance.publish(topics.Attendance(inside=number, at_the_gates=0))
            await few.publish(number)
        assert (await anext(counts)).inside == 3
        assert [await anext(numbers), await anext(numbers)] == [0, 1]
        with pytest.raises(ListenerOverflowError):
            await anext(numbers)


async def test_two_versions_read_each_other(
    games: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    older = Topic("games.goals", dict[str, Any])
    goal = {"player": "Ada", "minute": 3}
    async with games.topics.goals.subscribe() as goals:
        await older.publish(goal)
        await older.publish({**goal, "own_goal": True, "what_comes_later": 1})
        assert [vars(await anext(goals))["own_goal"] for _ in range(2)] == [False, True]
        with caplog.at_level(logging.ERROR):
            await older.publish({"player": "Ada"})
            await older.publish(goal)
            assert (await anext(goals)).minute == 3
    assert "cannot read an event" in caplog.text


async def test_audiences_hear_their_own(games: SimpleNamespace) -> None:
    def join() -> User:
        ada = User.objects.create_user("ada")
        ada.groups.add(Group.objects.create(name="referees"))
        return ada

    async with (
        GraphQLWebsocketCommunicator(games.application, user=await sync_to_async(join)()) as ada,
        GraphQLWebsocketCommunicator(games.application) as anybody,
    ):
        listeners = [Listener(ada), Listener(anybody)]
        for each in listeners:
            await each.listen("subscription { newsPublished }")
        await games.topics.news.publish("Come early.", group="referees")
        await games.topics.news.publish("The gates are open.", group="everybody")
        assert await listeners[0].data() == "Come early."
        for each in listeners:
            assert await each.data() == "The gates are open."


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("subscription { attendanceChanged { inside } }", "Only for members of the staff."),
        (read("topics/requests/wrong.graphql"), "wrong is a shared subscription: it runs once"),
    ],
)
async def test_who_is_refused(games: SimpleNamespace, query: str, message: str) -> None:
    async with GraphQLWebsocketCommunicator(games.application) as socket:
        assert message in str((await socket.execute(query)).errors)


async def test_who_may_subscribe(games: SimpleNamespace) -> None:
    ada = await sync_to_async(User.objects.create_user)("ada", is_staff=True)
    async with GraphQLWebsocketCommunicator(games.application, user=ada) as socket:
        listener = Listener(socket)
        await listener.listen("subscription { attendanceChanged { inside atTheGates } }")
        await games.topics.attendance.publish(games.topics.Attendance(inside=1, at_the_gates=2))
        assert await listener.data() == {"inside": 1, "atTheGates": 2}


def test_the_page_names_all_that_a_shared_subscription_does_not_have() -> None:
    assert [name for name in _VIEWER if f"`{name}`" not in PAGE] == []
