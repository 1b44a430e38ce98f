"""What is not public is still there; and the last words under Twisted's reactor.

`tests/live` stops Daphne itself.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

import pytest
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from strawberry_django.realtime._upstream.reliances import RELIED_ON, Reliance
from strawberry_django.realtime._upstream.servers import before_daphne_stops
from tools.harness import live


def gone(one: Reliance) -> list[str]:
    """The names that are neither attributes of the place nor set in its source."""
    place = resolve_name(one.place)
    words = set(re.findall(r"\w+", inspect.getsource(place)))
    return [name for name in one.names.split() if not hasattr(place, name) and name not in words]


@pytest.mark.parametrize("one", RELIED_ON, ids=lambda one: one.place)
def test_what_is_not_public_is_still_there(one: Reliance) -> None:
    assert gone(one) == [], f"{one.place}: needed for: {one.reason}; instead: {one.instead}"


def test_what_has_gone_is_named() -> None:
    one = RELIED_ON[0]._replace(names="_origin_verified _origin_forgotten")
    assert gone(one) == ["_origin_forgotten"]


UNDER_TWISTED = """
import asyncio
from twisted.internet import asyncioreactor

loop, other = asyncio.new_event_loop(), asyncio.new_event_loop()
asyncio.set_event_loop(loop)
asyncioreactor.install(loop)

from twisted.internet import reactor
from strawberry_django.realtime._upstream.servers import before_daphne_stops


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
