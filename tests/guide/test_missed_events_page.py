"""The page docs/guide/missed-events.md."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest

from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter
from strawberry_django.realtime.pubsub import bookmarks
from strawberry_django.realtime.pubsub.bookmarks import Keeper
from tests.guide.support import load
from tests.live.clients.node import command
from tests.support import until
from tests.unit.websocket.test_resume import reading
from tools.harness.projects import SNIPPETS

CALLS = """
import { isGap, once, telling } from "%s";
const at = (position, more) => ({ data: position, extensions: { position, ...more } });
const shown = [];
const next = once((data) => shown.push(data));
for (const position of ["a:1:1", "a:1:2", "a:1:2", "a:1:3"]) next(at(position));
let missed = 0;
telling(next, () => (missed += 1))(at("a:1:9", { missed: true }));
const gap = [{ message: "", extensions: { code: "EVENTS_MISSED" } }];
console.log(JSON.stringify([shown, missed, isGap(gap), isGap([{ message: "" }])]));
"""


@pytest.fixture
async def alerts(monkeypatch: pytest.MonkeyPatch, channel_layer: Any) -> AsyncIterator[Any]:
    """The page's topic."""
    monkeypatch.syspath_prepend(SNIPPETS / "history")
    monkeypatch.setattr(bookmarks, "_WRITE", 0.1)
    monkeypatch.setattr(bookmarks, "_ANSWERED_IN", 0.05)
    yield import_module("alerts.topics")
    await until(lambda: Keeper.current()._task is None)


def application(**options: Any) -> AuthGraphQLProtocolTypeRouter:
    return AuthGraphQLProtocolTypeRouter(import_module("alerts.schema").schema, **options)


async def test_clients_go_on_where_they_were(alerts: Any) -> None:
    async def raised(text: str) -> None:
        await alerts.alerts.publish(alerts.Alert(text=text), team="ops")

    operation, app = str(uuid4()), application()
    field = 'alertRaised(team: "ops") { text }'
    async with reading(operation, field, on=app) as reader:
        await reader.listens()
        await raised("Disk full")
        assert await reader.take(1) == [{"text": "Disk full"}]
        await reader.acknowledge()
    await raised("Disk empty")
    async with reading(operation, field, on=app) as reader:
        assert await reader.take(1) == [{"text": "Disk empty"}]
    after = f'alertsAfter(team: "ops", after: "{reader.positions[0]}") {{ text }}'
    await raised("Fan loud")
    async with reading("1", after, on=app) as reader:
        assert await reader.take(1) == [{"text": "Fan loud"}]
    async with reading("1", 'alertsFromNow(team: "ops") { text }', on=app) as reader:
        assert await reader.take(1) == [{"text": "The alerts that are open now"}]


@pytest.mark.parametrize(("device", "then"), [("d-1", "second"), (None, "third")])
async def test_who_goes_on(alerts: Any, device: str | None, then: str) -> None:
    async def raised(text: str) -> None:
        await alerts.alerts.publish(alerts.Alert(text=text), team="ops")

    app = application(websocket_consumer_class=load("history", "consumers").DeviceConsumer)
    params = None if device is None else {"device": device}
    operation, field = str(uuid4()), 'alertRaised(team: "ops") { text }'
    async with reading(operation, field, on=app, params=params) as reader:
        await reader.listens()
        await raised("first")
        await reader.take(1)
        await reader.acknowledge()
    await raised("second")
    async with reading(operation, field, on=app, params=params) as reader:
        if device is None:
            await reader.listens()
        await raised("third")
        assert await reader.take(1) == [{"text": then}]


def test_what_the_client_does_with_positions(tmp_path: Any) -> None:
    script = tmp_path / "calls.mjs"
    source = tmp_path / "alerts.mjs"
    source.write_bytes((SNIPPETS / "history/src/alerts.js").read_bytes())
    script.write_text(CALLS % source.as_uri(), encoding="utf-8")
    done = subprocess.run(
        [command("node"), script], capture_output=True, text=True, check=True, timeout=30
    )
    assert json.loads(done.stdout) == [["a:1:1", "a:1:2", "a:1:3", "a:1:9"], 1, True, False]
