"""The page docs/guide/model-changes.md."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client, override_settings

from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter
from strawberry_django.realtime.pubsub.feeds import Feeds
from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator
from tests.guide.support import load
from tests.support import in_database, queries, until
from tools.harness.projects import SNIPPETS


@pytest.fixture
def shop(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The page's app, installed, with its table."""
    monkeypatch.syspath_prepend(SNIPPETS / "model_topic")
    with override_settings(INSTALLED_APPS=[*django_settings.INSTALLED_APPS, "shop"]):
        from shop import models  # type: ignore[import-not-found]

        with connection.schema_editor() as editor:
            editor.create_model(models.Order)
        yield models
        with connection.schema_editor() as editor:
            editor.delete_model(models.Order)


async def test_the_page(shop: Any, ada: Any, ada_client: Client, channel_layer: Any) -> None:
    schema = load("model_topic", "schema")
    application = AuthGraphQLProtocolTypeRouter(schema.schema)
    cookies = [(b"cookie", f"sessionid={ada_client.cookies['sessionid'].value}".encode())]
    paid = shop.Order(customer=ada, status="paid", total=5)
    large = shop.Order(customer=ada, total=2000)

    async def shown(coming: Any) -> Any:
        return (await asyncio.wait_for(coming, 5)).data

    def next_of(results: Any) -> Any:
        return asyncio.ensure_future(anext(results))

    async with GraphQLWebsocketCommunicator(application, headers=cookies) as socket:
        mine = socket.subscribe("subscription { myOrders { kind id order { status } } }")
        packed = socket.subscribe("subscription { orderPacked { status customer { username } } }")
        coming, coming_packed = next_of(mine), next_of(packed)
        await until(lambda: len(Feeds.current()._feeds) == 2)
        async with (
            shop.order_changes.subscribe(status=["paid"]) as of_paid,
            shop.large_orders.subscribe() as of_large,
        ):
            await in_database(lambda: shop.import_orders([paid]))
            order = {"status": "paid"}
            change: Any = {"kind": "created", "id": str(paid.pk), "order": order}
            assert await shown(coming) == {"myOrders": change}
            assert (await anext(of_paid)).kind == "created"
            coming = next_of(mine)
            await in_database(shop.ship_paid_orders)
            change = {"kind": "updated", "id": str(paid.pk), "order": {"status": "shipped"}}
            assert await shown(coming) == {"myOrders": change}
            coming = next_of(mine)
            with queries() as asked:
                await schema.pack(paid)
                row = {"status": "shipped", "customer": {"username": "ada"}}
                assert await shown(coming_packed) == {"orderPacked": row}
            assert len(asked) == 1, asked
            pk = paid.pk
            await in_database(paid.delete)
            change = {"kind": "deleted", "id": str(pk), "order": None}
            assert await shown(coming) == {"myOrders": change}
            assert (await anext(of_paid)).kind == "deleted", "with the update, and once"
            await in_database(paid.save)
            assert (await anext(of_paid)).kind == "created"
            await in_database(large.save)
            assert (await anext(of_large)).pk == large.pk
