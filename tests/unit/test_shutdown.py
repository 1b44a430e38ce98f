"""The last words under Twisted's reactor; `tests/live` stops Daphne itself."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from strawberry_django.realtime.shutdown import before_daphne_stops
from tools.harness import live

UNDER_TWISTED = """
import asyncio
from twisted.internet import asyncioreactor

loop, other = asyncio.new_event_loop(), asyncio.new_event_loop()
asyncio.set_event_loop(loop)
asyncioreactor.install(loop)

from twisted.internet import reactor
from strawberry_django.realtime.shutdown import before_daphne_stops


async def last():
    print("first word", flush=True)
    await asyncio.sleep(0)
    print("last word", flush=True)


before_daphne_stops(loop, last)
before_daphne_stops(other, last)
reactor.callLater(0, reactor.stop)
reactor.run()
print("stopped", flush=True)
"""


def test_the_reactor_waits_for_the_last_words(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNDER_TWISTED],
        cwd=tmp_path,
        env=live.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.split("\n"), done.stderr) == (
        ["first word", "last word", "stopped", ""],
        "",
    )


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def reactor(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AsyncioSelectorReactor]:
    """Twisted's reactor, as it is on the loop of Daphne."""
    reactor = AsyncioSelectorReactor(loop)
    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", reactor)
    yield reactor
    for reader in list(reactor._internalReaders):
        reactor.removeReader(reader)
        reader.connectionLost(Failure(ConnectionDone()))


async def test_without_twisted_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "twisted.internet.reactor", raising=False)

    async def last() -> None:
        raise AssertionError

    before_daphne_stops(asyncio.get_running_loop(), last)
    assert "twisted.internet.reactor" not in sys.modules
