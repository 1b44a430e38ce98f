"""Models as payloads, subscriptions whose events are rows, and the changes of a model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest
import strawberry
from django.contrib.auth.models import AbstractUser, Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.test.utils import isolate_apps
from django.utils.connection import ConnectionDoesNotExist
from strawberry_django.optimizer import DjangoOptimizerExtension

import strawberry_django
from strawberry_django.realtime import (
    AuthGraphQLProtocolTypeRouter,
    Change,
    ModelTopic,
    Topic,
    encoding,
    shared_subscription,
)
from strawberry_django.realtime.pubsub.codec import way_of
from strawberry_django.realtime.pubsub.feeds import Feeds
from strawberry_django.realtime.pubsub.rows import read
from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator
from tests.support import in_database, queries, stream, until

pytestmark = pytest.mark.django_db(transaction=True)


@strawberry_django.type(ContentType)
class KindType:
    model: strawberry.auto


@strawberry_django.type(Permission)
class PermissionType:
    codename: strawberry.auto
    content_type: KindType


@strawberry_django.type(Group)
class GroupType:
    name: strawberry.auto
    permissions: list[PermissionType]


@strawberry.type
class Granted:
    to: str
    permission: PermissionType


@dataclass
class Named:
    group: Group
    names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = [self.group.name]


@dataclass
class Pair:
    best: Group | None
    all: list[Group]


rows = Topic("tests.rows", Permission)
named = Topic("tests.named", Named)
groups = Topic("tests.groups", Group)
granted = Topic("tests.granted", Granted)


def first(count: int) -> models.QuerySet[Permission]:
    return Permission.objects.order_by("id")[:count]


@strawberry.type
class Query:
    group: GroupType = strawberry_django.field(resolver=lambda: Group.objects.first())


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def queryset(self) -> AsyncGenerator[list[PermissionType], None]:
        yield first(20)

    @strawberry.subscription
    async def listed(self) -> AsyncGenerator[list[PermissionType], None]:
        yield [row async for row in first(20)]

    @strawberry.subscription
    async def group(self) -> AsyncGenerator[GroupType, None]:
        yield await Group.objects.aget()

    @shared_subscription
    async def shared(self) -> AsyncGenerator[list[PermissionType], None]:
        yield [row async for row in first(20)]

    @strawberry.subscription
    async def rows(self) -> AsyncGenerator[PermissionType, None]:
        async with rows.subscribe() as events:
            async for row in events:
                yield row

    @strawberry.subscription
    async def named(self) -> AsyncGenerator[PermissionType | GroupType, None]:
        async with rows.subscribe() as events:
            async for row in events:
                yield row

    @strawberry.subscription
    async def groups(self) -> AsyncGenerator[GroupType, None]:
        async with groups.subscribe() as events:
            async for group in events:
                yield group

    @shared_subscription
    async def shared_groups(self) -> AsyncGenerator[GroupType, None]:
        async with groups.subscribe() as events:
            async for group in events:
                yield group

    @strawberry.subscription
    async def granted(self) -> AsyncGenerator[Granted, None]:
        async with granted.subscribe() as events:
            async for event in events:
                yield event


schema = strawberry.Schema(
    query=Query, subscription=Subscription, extensions=[DjangoOptimizerExtension]
)
FIELDS = "codename contentType { model }"


def listening(count: int) -> bool:
    """Tell whether as many subscriptions to topics listen."""
    feeds = Feeds.current()._feeds.values()
    return sum(len(feed._subscribers) for feed in feeds) == count


@pytest.fixture
def application(settings: Any) -> Any:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    return AuthGraphQLProtocolTypeRouter(schema)


@pytest.mark.parametrize(
    ("field", "selected", "count"),
    [
        ("queryset", FIELDS, 1),
        ("listed", FIELDS, 2),
        ("listed", "codename", 1),
        ("shared", FIELDS, 2),
        ("group", f"permissions {{ {FIELDS} }}", 2),
    ],
)
async def test_the_queries_of_an_event(
    application: Any, field: str, selected: str, count: int
) -> None:
    group = await Group.objects.acreate(name="editors")
    await group.permissions.aset([row async for row in first(20)])
    query = f"subscription {{ {field} {{ {selected} }} }}"
    async with GraphQLWebsocketCommunicator(application) as socket:
        with queries() as asked:
            result = await anext(socket.subscribe(query))
    assert result.errors is None
    assert len(asked) == count, asked
    for accept in ("text/event-stream", "multipart/mixed;subscriptionSpec=1.0"):
        with queries() as asked:
            async with stream(application, query, accept) as (_, exchange):
                await exchange.chunk_with('"codename"')
        assert len(asked) == count, asked


DEEP = f"subscription {{ rows {{ {FIELDS} }} }}"
FLAT = "subscription { rows { id: codename } }"
MEMBERS = "subscription { groups { permissions { id: codename } } }"
SHARED = "subscription { sharedGroups { permissions { id: codename } } }"
NAMED = """
    subscription { named { ... on GroupType { name } ...kind } }
    fragment kind on PermissionType { contentType { model } }
"""


@pytest.mark.parametrize(
    ("documents", "options", "count"),
    [
        ([DEEP, DEEP, DEEP], {}, 1),
        ([DEEP, DEEP, FLAT, FLAT], {}, 2),
        ([DEEP, DEEP], {"enter_thread": lambda _: nullcontext()}, 2),
        ([MEMBERS, MEMBERS], {}, 4),  # A type may show other members to another user.
        ([SHARED, SHARED], {}, 2),
        ([NAMED], {}, 1),
    ],
    ids=["the same", "two selections", "own threads", "related lists", "shared", "a union"],
)
async def test_a_row_is_fetched_once_for_all_who_select_the_same(
    channel_layer: Any, documents: list[str], options: Any, count: int
) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema, **options)
    permission = await Permission.objects.aget(codename="add_group")
    group = await Group.objects.acreate(name="editors")
    await group.permissions.aadd(permission)
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(GraphQLWebsocketCommunicator(application))
            for _ in documents
        ]
        results = [one.subscribe(text) for one, text in zip(sockets, documents, strict=True)]
        coming = [asyncio.ensure_future(anext(each)) for each in results]
        await until(lambda: listening(len(documents) if SHARED not in documents else 1))
        with queries() as asked:
            await rows.publish(permission)
            await groups.publish(group)
            data = [(await each).data for each in coming]
    member = {"id": "add_group"}
    kind = {"contentType": {"model": "group"}}
    shown = {
        DEEP: {"rows": {"codename": "add_group", **kind}},
        FLAT: {"rows": member},
        MEMBERS: {"groups": {"permissions": [member]}},
        SHARED: {"sharedGroups": {"permissions": [member]}},
        NAMED: {"named": kind},
    }
    assert data == [shown[document] for document in documents]
    assert len(asked) == count, asked


async def test_the_optimizer_reaches_a_row_inside_a_type(application: Any) -> None:
    permission = await Permission.objects.select_related("content_type").aget(codename="add_group")
    async with GraphQLWebsocketCommunicator(application) as socket:
        more = f"fragment more on Granted {{ permission {{ {FIELDS} }} }}"
        query = f"subscription {{ granted {{ to ...more }} }} {more}"
        coming = asyncio.ensure_future(anext(socket.subscribe(query)))
        await until(lambda: listening(1))
        with queries() as asked:
            await granted.publish(Granted(to="ada", permission=permission))
            result = await coming
    row = {"codename": "add_group", "contentType": {"model": "group"}}
    assert result.data == {"granted": {"to": "ada", "permission": row}}
    assert len(asked) == 1, asked


async def test_a_row_that_is_gone(channel_layer: Any) -> None:
    kept, gone = [await Group.objects.acreate(name=name) for name in ("kept", "gone")]
    pairs: Topic[Pair] = Topic("tests.pairs", Pair)
    async with groups.subscribe() as events, pairs.subscribe() as both:
        await groups.publish(gone)
        await groups.publish(kept)
        await pairs.publish(Pair(best=gone, all=[gone, kept]))
        await Group.objects.filter(name="gone").adelete()
        assert await anext(events) == kept
        assert await anext(both) == Pair(best=None, all=[kept])


async def test_who_leaves_takes_no_fetch_from_the_others() -> None:
    group = await Group.objects.acreate(name="editors")
    payload = read(way_of(Group), ["default", str(group.pk)], None)
    one, other = (asyncio.ensure_future(payload.fetch()) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    assert await other == group
    assert one.cancelled()


async def test_a_failure_of_the_database_ends_the_subscription(channel_layer: Any) -> None:
    elsewhere = Topic("tests.elsewhere", Group, using="elsewhere")
    async with elsewhere.subscribe() as events:
        await elsewhere.publish(await Group.objects.acreate(name="editors"))
        with pytest.raises(ConnectionDoesNotExist):
            await anext(events)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"kind": "deleted", "colour": "red"}, None),
        ({"kind": "deleted", "keys": {}}, None),
        ({"kind": "renamed"}, "no kind of change"),
        ({"kind": "updated", "pk": "x"}, "must be an integer"),
    ],
)
def test_what_other_versions_send(sent: Any, error: str | None) -> None:
    message = {"pk": 1, "using": "default", "fields": None, "keys": {"codename": "x"}, **sent}
    topic = by_kind._topic
    data = encoding.encode(message)
    if error is None:
        assert topic.read({"data": data}).change.pk == 1  # type: ignore[union-attr]
        return
    with pytest.raises(ValueError, match=error):
        topic.read({"data": data})


def test_a_schema_without_the_optimizer_is_left_alone() -> None:
    plain = strawberry.Schema(query=Query, subscription=Subscription)
    fields = plain._schema.subscription_type.fields  # type: ignore[union-attr]
    before = {name: (field.subscribe, field.resolve) for name, field in fields.items()}
    AuthGraphQLProtocolTypeRouter(plain)
    assert before == {name: (field.subscribe, field.resolve) for name, field in fields.items()}


class Special(Permission):
    """A proxy of the model, whose saves are the model's."""

    class Meta:
        proxy = True
        app_label = "auth"


every = ModelTopic(Permission)
by_kind = ModelTopic(Permission, keys=("content_type_id", "codename"))
ours = ModelTopic(Permission, only=lambda row: row.codename in {"ours", "end"}, name="tests.ours")


def create(row: Permission, other: int) -> None:
    Permission.objects.create(codename="y", content_type_id=row.content_type_id)


def create_by_proxy(row: Permission, other: int) -> None:
    Special.objects.create(codename="y", content_type_id=row.content_type_id)


def save(row: Permission, other: int) -> None:
    row.save()


def save_a_field(row: Permission, other: int) -> None:
    row.name, row.content_type_id = "saved", other  # The latter is not.
    row.save(update_fields=["name"])


def move(row: Permission, other: int) -> None:
    row.content_type_id = other
    row.save()


def rename(row: Permission, other: int) -> None:
    row.codename = "z"
    row.save()


def delete(row: Permission, other: int) -> None:
    row.delete()


def delete_a_changed_instance(row: Permission, other: int) -> None:
    row.content_type_id = other
    row.delete()


def delete_many(row: Permission, other: int) -> None:
    Permission.objects.filter(pk=row.pk).delete()


def save_and_delete(row: Permission, other: int) -> None:
    with transaction.atomic():
        row.save()
        row.delete()


def roll_back(row: Permission, other: int) -> None:
    with transaction.atomic():
        row.save()
        transaction.set_rollback(True)


def roll_back_inside(row: Permission, other: int) -> None:
    with transaction.atomic():
        with transaction.atomic():
            create(row, other)
            transaction.set_rollback(True)
        row.delete()


def load_a_fixture(row: Permission, other: int) -> None:
    for each in serializers.deserialize("json", serializers.serialize("json", [row])):
        each.save()


def bulk(row: Permission, other: int) -> None:
    with transaction.atomic():
        made = Permission.objects.bulk_create([Permission(codename="y", content_type_id=other)])
        by_kind.publish_created(made)
        Permission.objects.filter(pk=row.pk).update(name="new")
        by_kind.publish_updated([row], fields=["name"])


def create_and_move(row: Permission, other: int) -> None:
    with transaction.atomic():
        create(row, other)
        made = Permission.objects.get(codename="y")
        move(made, other)


def move_in_bulk(row: Permission, other: int) -> None:
    Permission.objects.filter(pk=row.pk).update(content_type_id=other)
    by_kind.publish_updated(Permission.objects.filter(pk=row.pk), before=[row])


def move_by_expression(row: Permission, other: int) -> None:
    row.content_type_id = models.F("content_type_id") - row.content_type_id + other
    row.save()


#: What is done, and what is seen of it by the row's own kind, by the other, by both, by the row's
#: kind and codename, and without keys.
CHANGES: list[tuple[Any, str, str, str, str, str]] = [
    (create, "created", "", "created", "", "created"),
    (create_by_proxy, "created", "", "created", "", "created"),
    (save, "updated", "", "updated", "updated", "updated"),
    (save_a_field, "updated name", "", "updated name", "updated name", "updated name"),
    (move, "deleted", "created", "updated", "deleted", "updated"),
    (create_and_move, "deleted", "created", "created, updated", "", "created, updated"),
    (move_in_bulk, "deleted", "created", "updated", "deleted", ""),
    (move_by_expression, "deleted", "created", "updated", "deleted", "updated"),
    (rename, "updated", "", "updated", "deleted", "updated"),
    (delete, "deleted", "", "deleted", "deleted", "deleted"),
    (delete_a_changed_instance, "deleted", "", "deleted", "deleted", "deleted"),
    (delete_many, "deleted", "", "deleted", "deleted", "deleted"),
    (save_and_delete, "deleted", "", "deleted", "deleted", "deleted"),
    (roll_back, "", "", "", "", ""),
    (roll_back_inside, "deleted", "", "deleted", "deleted", "deleted"),
    (load_a_fixture, "", "", "", "", ""),
    (bulk, "updated name", "created", "created, updated name", "updated name", ""),
]


async def until_the_end(changes: AsyncIterator[Change[Permission]]) -> list[Change[Permission]]:
    seen: list[Change[Permission]] = []
    while True:
        change = await asyncio.wait_for(anext(changes), 5)
        if change.instance is not None and change.instance.codename == "end":
            return seen
        seen.append(change)


@pytest.mark.parametrize(
    ("act", "first", "second", "both", "narrow", "all_"),
    CHANGES,
    ids=lambda v: getattr(v, "__name__", ""),
)
async def test_changes(
    channel_layer: Any, act: Any, first: str, second: str, both: str, narrow: str, all_: str
) -> None:
    kinds = [kind.pk async for kind in ContentType.objects.order_by("pk")[:2]]
    row = await Permission.objects.acreate(codename="x", content_type_id=kinds[0])

    def act_and_end() -> None:
        act(row, kinds[1])
        for kind in kinds:
            Permission.objects.create(codename="end", content_type_id=kind)

    async with AsyncExitStack() as stack:
        subscriptions = [
            await stack.enter_async_context(each)
            for each in (
                by_kind.subscribe(content_type_id=kinds[0]),
                by_kind.subscribe(content_type_id=str(kinds[1])),
                by_kind.subscribe(content_type_id=kinds),
                every.subscribe(),
                ours.subscribe(),
            )
        ]
        narrow_changes = await stack.enter_async_context(
            by_kind.subscribe(content_type_id=kinds[0], codename=["x", "end"])
        )
        await in_database(act_and_end)
        seen = [await until_the_end(each) for each in (*subscriptions, narrow_changes)]
    shown = [
        ", ".join(" ".join([each.kind, *sorted(each.fields or ())]) for each in one) for one in seen
    ]
    assert shown == [first, second, both, all_, "", narrow]
    for change in seen[0]:
        assert change.keys["content_type_id"] == kinds[0]
        assert (change.instance is None) == (change.kind == "deleted")


async def test_a_condition(channel_layer: Any) -> None:
    kind = await ContentType.objects.afirst()
    async with ours.subscribe() as changes:
        for name in ("theirs", "ours"):
            await Permission.objects.acreate(codename=name, content_type=kind)
        change = await anext(changes)
    assert change.instance is not None
    assert change.instance.codename == "ours"
    assert (change.kind, change.fields, change.keys) == ("created", None, {})


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ModelTopic(Permission, keys=("colour",)), FieldDoesNotExist, "colour"),
        (lambda: ModelTopic(Permission, keys=("group",)), TypeError, "has no column"),
        (lambda: ModelTopic(Permission, keys="name"), TypeError, "expected a list"),
        (lambda: ModelTopic(Permission, only=bool), TypeError, "needs a name"),
        (lambda: ModelTopic(AbstractUser), TypeError, "is abstract"),
        (lambda: every.publish_created([Permission(codename="x")]), ValueError, "no primary key"),
    ],
)
def test_what_is_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("keys", [{}, {"name": "x"}])
async def test_keys_that_are_refused(channel_layer: Any, keys: Any) -> None:
    with pytest.raises(TypeError, match="is subscribed to by content_type_id, codename"):
        async with by_kind.subscribe(**keys):
            pass


def test_who_is_listened_to() -> None:
    with isolate_apps("django.contrib.auth"):

        class Child(Permission):
            class Meta:
                app_label = "auth"

    saves, deletes = models.signals.post_save, models.signals.pre_delete
    heard = [saves.has_listeners(each) for each in (Permission, Special, Child, ContentType)]
    assert heard == [True, True, True, False]
    # With a child its parent is deleted, and heard of.
    heard = [deletes.has_listeners(each) for each in (Permission, Special, Child, ContentType)]
    assert heard == [True, True, False, False]


async def test_each_subscription_may_alter_the_rows_it_receives(channel_layer: Any) -> None:
    group = await Group.objects.acreate(name="staff")
    async with named.subscribe() as one, named.subscribe() as other:
        await named.publish(Named(group))
        first = await anext(one)
        first.group.name = "for one"
        first.names.append("more")
        second = await anext(other)
    assert (second.group.name, second.names) == ("staff", ["staff"])
