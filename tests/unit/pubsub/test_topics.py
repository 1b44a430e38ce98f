"""Topics over every channel layer: who receives what, in which order, and what is refused."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime
import enum
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
import strawberry
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from redis import Redis

from strawberry_django.realtime import ListenerOverflowError, PayloadError, Topic
from strawberry_django.realtime.pubsub import outbox
from strawberry_django.realtime.pubsub.feeds import Feeds
from tests.support import SECONDS, until
from tools.harness.redis import RedisServer

REDIS = {"pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer"}
REDIS["core"] = "channels_redis.core.RedisChannelLayer"
LAYERS = ["memory", *REDIS]
numbers = Topic("tests.numbers", int)


def use(name: str, settings: Any, request: Any) -> None:
    """Configure a layer."""
    config: dict[str, Any] = {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    if name in REDIS:
        server: RedisServer = request.getfixturevalue("redis")
        host = {"address": server.url, "socket_timeout": None}
        config = {"BACKEND": REDIS[name], "CONFIG": {"hosts": [host], "capacity": 1000}}
    settings.CHANNEL_LAYERS = {"default": config}


@pytest.fixture(params=LAYERS)
async def layer(request: Any, settings: Any) -> AsyncIterator[Any]:
    """Each layer; whatever a test does, no feed is left of it."""
    use(request.param, settings, request)
    yield request.param
    await until(lambda: Feeds.current()._feeds == {})


async def take(events: Any, count: int = 1) -> list[Any]:
    """Return the next events."""
    return [await asyncio.wait_for(anext(events), SECONDS) for _ in range(count)]


async def test_keys_say_who_receives(layer: str) -> None:
    async with (
        numbers.subscribe(room="1", mine=True) as one,
        numbers.subscribe(room=["1", "2"], mine=True) as both,
        numbers.subscribe() as none,
    ):
        await numbers.publish(1, room=1, mine=True)
        await numbers.publish(2, mine=True, room="2")
        await numbers.publish(3)
        await numbers.publish(4, room=1, mine="True")
        await numbers.publish(5, room=1, mine=True)
        assert await take(one, 2) == [1, 5]
        assert sorted(await take(both, 3)) == [1, 2, 5]
        assert await take(none) == [3]


class Room(str, enum.Enum):
    LOBBY = "lobby"


class Level(int, enum.Enum):
    LOW = 1


@pytest.mark.parametrize(
    ("one", "other"),
    [(Room.LOBBY, "lobby"), (Level.LOW, "1"), (1, "1"), (1.0, 1), (UUID(int=1), str(UUID(int=1)))],
)
def test_keys_that_are_the_same(one: Any, other: Any) -> None:
    assert numbers._group({"room": one}) == numbers._group({"room": other})


async def test_an_end_comes_after_the_events_before_it(layer: str) -> None:
    async with numbers.subscribe(room=1) as events, numbers.subscribe(room=2) as others:
        for number in range(3):
            await numbers.publish(number, room=1)
        await numbers.end(room=1)
        await numbers.publish(7, room=2)
        assert [event async for event in events] == [0, 1, 2]
        assert await take(others) == [7]


@pytest.mark.parametrize("where", ["thread", "loop"])
async def test_synchronous_code_publishes_in_order(layer: str, where: str) -> None:
    def publish() -> None:
        for number in range(50):
            numbers.publish_sync(number)

    async with numbers.subscribe() as events:
        if where == "loop":
            publish()
            await numbers.publish(50)
        else:
            await asyncio.to_thread(publish)
            await asyncio.to_thread(publish)
        assert await take(events, 51) == [*range(50), 50 if where == "loop" else 0]


@pytest.mark.django_db(transaction=True)
async def test_an_event_on_commit(layer: str) -> None:
    names = Topic("tests.names", list[str])

    def change() -> None:
        for fails in (True, False):
            with contextlib.suppress(ValueError), transaction.atomic():
                User.objects.create(username=f"ada{fails}")
                names.publish_on_commit(sent := ["failed" if fails else "done"])
                sent.append("and later")
                names.publish_sync([f"before {User.objects.count()}"])
                if fails:
                    raise ValueError

    async with names.subscribe() as events:
        await asyncio.to_thread(change)
        assert await take(events, 3) == [["before 1"], ["before 1"], ["done"]]


@pytest.mark.parametrize(
    ("policy", "left"), [("drop_oldest", [3, 4]), ("latest", [4]), ("close", [0, 1])]
)
async def test_a_subscription_that_falls_behind(layer: str, policy: Any, left: list[int]) -> None:
    topic = Topic("tests.behind", int, slow_consumer=policy, capacity=2)
    async with topic.subscribe() as slow, numbers.subscribe() as quick:
        for number in range(5):
            await topic.publish(number)
        await numbers.publish(9)
        await take(quick)
        assert await take(slow, len(left)) == left
        if policy == "close":
            with pytest.raises(ListenerOverflowError, match="fell 2"):
                await take(slow)


class Subscriber:
    """A subscription in a task of its own, which notes what comes."""

    def __init__(self, on_their_way: Iterable[int]) -> None:
        self.joined = asyncio.Event()
        self.leaving = asyncio.Event()
        self.got: list[int] = []
        self.expected: list[int] = []
        self.possible = set(on_their_way)  # What was sent before it had joined.
        self.task = asyncio.create_task(self.live())

    async def live(self) -> None:
        async with numbers.subscribe(room=1) as events:
            self.joined.set()
            reading = asyncio.create_task(self.read(events))
            try:
                await self.leaving.wait()
                await until(lambda: self.expected == self.certain)
                assert self.got == sorted(self.got)
            finally:
                reading.cancel()

    async def read(self, events: Any) -> None:
        async for event in events:
            self.got.append(event)

    @property
    def certain(self) -> list[int]:
        return [number for number in self.got if number not in self.possible]

    async def leave(self) -> None:
        self.leaving.set()
        await self.task
        assert self.certain == self.expected


async def play(steps: list[tuple[int, str]], *, on_their_way: bool) -> None:
    """Do as the steps say, and see that each subscriber has received what it should."""
    members: dict[int, Subscriber] = {}
    sent: list[int] = []
    for number, (who, step) in enumerate(steps):
        member = members.get(who)
        if step == "turn":
            await asyncio.sleep(0)
        elif step == "publish":
            for each in members.values():
                if each.joined.is_set():
                    each.expected.append(number)
                else:
                    each.possible.add(number)
            await numbers.publish(number, room=1)
            sent += [number] if on_their_way else []
        elif step == "begin" and member is None:
            members[who] = Subscriber(sent)
        elif step == "join":
            member = members.setdefault(who, member or Subscriber(sent))
            await asyncio.wait_for(member.joined.wait(), SECONDS)
        elif step == "leave" and member is not None and member.joined.is_set():
            await members.pop(who).leave()
        elif step == "cancel" and member is not None:
            members.pop(who).task.cancel()
    for member in members.values():
        if member.joined.is_set():
            await member.leave()
        else:
            member.task.cancel()
    await until(lambda: Feeds.current()._feeds == {})


STEPS = ["begin", "join", "leave", "cancel", "publish", "turn"]


@pytest.mark.parametrize("name", ["memory", "pubsub"])
def test_joins_and_leaves_are_exact(name: str, settings: Any, request: Any) -> None:
    """Whoever has joined receives each event from then on, once and in order, until it leaves.

    Where Redis is between, it may receive an event as well that was on its way.
    """
    use(name, settings, request)

    @hypothesis(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(STEPS)), max_size=40))
    def run(steps: list[tuple[int, str]]) -> None:
        asyncio.run(play(steps, on_their_way=name != "memory"))

    run()


async def test_nothing_is_missed_of_a_redis_that_answers_late(
    settings: Any, redis: RedisServer, request: Any
) -> None:
    """The pub/sub layer has sent its SUBSCRIBE, and Redis has not read it yet."""
    use("pubsub", settings, request)
    async with numbers.subscribe(room=0):
        with Redis.from_url(redis.url) as pause:
            pause.execute_command("CLIENT", "PAUSE", "1500")
        member = Subscriber([])
        assert not (await asyncio.wait([member.task], timeout=0.3))[0]
        assert not member.joined.is_set()
        await asyncio.wait_for(member.joined.wait(), SECONDS)
        await member.leave()


@strawberry.enum
class Mood(enum.Enum):
    GOOD = 1


@strawberry.type
class Author:
    name: str


@strawberry.type
class Bot:
    version: int


@strawberry.type
class Post:
    id: strawberry.ID
    by: Annotated[Author | Bot, strawberry.union("By")]
    at: datetime.datetime
    price: Decimal | None
    mood: Mood
    tags: list[str]
    secret: strawberry.Private[bytes] = b""
    replies: list[Annotated[Post, strawberry.lazy("tests.unit.pubsub.test_topics")]] = (
        strawberry.field(default_factory=list)
    )

    @strawberry.field
    def title(self) -> str:
        return self.id


POST = Post(
    id=strawberry.ID("1"),
    by=Bot(version=2),
    at=datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc),
    price=Decimal("1.50"),
    mood=Mood.GOOD,
    tags=["é"],
    secret=b"\xff",
)


def altered(**fields: Any) -> Post:
    """Return the post with other fields."""
    return dataclasses.replace(POST, **fields)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (
            Post,
            dataclasses.replace(POST, replies=[dataclasses.replace(POST, by=Author(name="ada"))]),
        ),
        (dict[str, Any], {"a": [1, {"b": 2.5}], "c": None}),
        (tuple[int, str], (1, "a")),
        (frozenset[int], frozenset({1, 2})),
        (datetime.timedelta | None, datetime.timedelta(days=-1, microseconds=3)),
        (UUID, UUID(int=7)),
        (Literal["a", 1], 1),
        (int, 2**80),
        (str, "\ud800"),
        (datetime.date, datetime.date(2026, 1, 2)),
    ],
)
async def test_what_can_travel(layer: str, kind: Any, value: Any) -> None:
    topic: Topic[Any] = Topic("tests.travel", kind)
    async with topic.subscribe() as events:
        await topic.publish(value)
        (came,) = await take(events)
        assert came == value
        assert type(came) is type(value)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Post, altered(tags=[1]), r"payload\.tags\[0\] is 1; expected a text"),
        (Post, altered(by=POST), r"payload\.by is .*expected Author or Bot"),
        (Post, "text", "payload is 'text'; expected Post"),
        (dict[str, Any], {"a": [object()]}, r"payload\['a'\]\[0\] is <object"),
        (float, float("nan"), "payload is nan; expected a finite number"),
        (int, True, "payload is True; expected an int"),
        (User, User(), "expected a User that is saved"),
    ],
)
def test_what_cannot_travel_is_refused_where_it_is_published(
    channel_layer: Any, kind: Any, value: Any, message: str
) -> None:
    with pytest.raises(PayloadError, match=message):
        Topic("tests.refused", kind).publish_sync(value)


def test_a_type_that_cannot_travel(channel_layer: Any) -> None:
    with pytest.raises(TypeError, match="Redis cannot be sent to other processes"):
        Topic[Any]("tests.refused", Redis).publish_sync(None)
    with pytest.raises(ValueError, match="has 101 keys; at most 100"):
        numbers._groups({"room": list(range(101))})
    with pytest.raises(TypeError, match="The key 'room' is <object"):
        numbers.publish_sync(1, room=object())  # type: ignore[arg-type]


def test_the_neighbouring_versions_read_each_other() -> None:
    """A field that only one of them knows does no harm, where it has a default."""

    @dataclasses.dataclass
    class Old:
        id: int

    @dataclasses.dataclass
    class New:
        id: int
        name: str = "none"

    old, new = Topic("tests.version", Old), Topic("tests.version", New)
    assert new.read(old._message(Old(1))) == New(1)
    assert old.read(new._message(New(2, "two"))) == Old(2)
    with pytest.raises(ValueError, match="cannot read an event"):
        new.read({"data": '{"id": "x"}'})


async def test_each_subscription_may_alter_what_it_receives(channel_layer: Any) -> None:
    lists = Topic("tests.lists", list[int])
    async with lists.subscribe() as one, lists.subscribe() as other:
        await lists.publish([1])
        (await take(one))[0].append(2)
        assert await take(other) == [[1]]


@pytest.mark.parametrize(
    "data",
    ["[]", "{", "1", "null", "[" * 100_000, 1, None, '{"numbers": []}', '{"numbers": {"a": "x"}}'],
)
async def test_what_nobody_can_read_is_dropped_and_logged_once(
    data: Any, channel_layer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    @dataclasses.dataclass
    class Numbers:
        numbers: dict[str, int]

    topic = Topic("tests.unreadable", Numbers)
    strange = {**topic._message(Numbers({})), "data": data, "unfetched": "x", "payload": "x"}
    async with topic.subscribe() as one, topic.subscribe() as other:
        await outbox.send(topic._address({}), strange)
        await topic.publish(Numbers({"a": 1}))
        assert await take(one) == await take(other) == [Numbers({"a": 1})]
    assert caplog.text.count("An event was dropped") == 1
