"""The integration guide as it was built, and each alternative that it lets its reader choose."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reader.alternatives import (
    ALTERNATIVES,
    FIRST_SERVER,
    GUIDE,
    IN_ORDER,
    LAYERS,
    ROUTINGS,
    VIEWS,
    WITH_UV,
)
from tests.reader.conftest import OpenTerminal
from tools.harness.redis import RedisServer
from tools.reader import census, page
from tools.reader.page import Item
from tools.reader.terminal import StuckError
from tools.reader.walk import Reader

pytestmark = pytest.mark.timeout(600)

#: What the page asks of its reader: a Django project, with an environment that is active.
A_PROJECT = "django-admin startproject myproject ."
WITH_PIP = "python -m venv .venv\n. .venv/bin/activate\npython -m pip install django\n"
UV = "uv init --quiet --bare\nuv add --quiet django\n. .venv/bin/activate\n"
#: Where the alternatives begin: with what the page has set up until the end of this chapter.
SO_FAR = "Accessing User in Resolvers"
#: The blocks that ask, and those that show the answers.
ASKING = ("graphql", "json", "frames")

ROUND_TRIP = """python manage.py shell -c "
import asyncio
from channels.layers import get_channel_layer
async def round_trip():
    layer = get_channel_layer()
    name = await layer.new_channel()
    await layer.group_add('room', name)
    await layer.group_send('room', {'type': 'chat.message', 'text': 'Hello'})
    message = await asyncio.wait_for(layer.receive(name), 10)
    print(type(layer).__module__ + '.' + type(layer).__name__, message['text'])
asyncio.run(round_trip())
"
"""


@pytest.fixture(scope="module")
def items(site: Path) -> list[Item]:
    return page.read(site / GUIDE)


@pytest.fixture(scope="module")
def reader(
    items: list[Item],
    tmp_path_factory: pytest.TempPathFactory,
    open_terminal: OpenTerminal,
    redis: RedisServer,
) -> Reader:
    """A reader who has come as far as the first logged-in answers, with pip."""
    terminal = open_terminal(tmp_path_factory.mktemp("integration"), REDIS_URL=redis.url)
    terminal.run(WITH_PIP + A_PROJECT)
    reader = Reader(terminal, choices=IN_ORDER)
    so_far = items[: end_of(items, SO_FAR)]
    reader.follow(so_far)
    reader.finish()
    assert reader.done == own(so_far, *IN_ORDER)
    terminal.stop()
    return reader


@pytest.fixture(scope="module")
def reader_with_uv(
    items: list[Item], tmp_path_factory: pytest.TempPathFactory, open_terminal: OpenTerminal
) -> Reader:
    """A reader who has come as far as the first answers, with uv."""
    terminal = open_terminal(tmp_path_factory.mktemp("uv"))
    terminal.run(UV + A_PROJECT)
    reader = Reader(terminal, choices=["uv"])
    told = page.section(items, "Installation", "Configuration")
    reader.follow(told)
    reader.finish()
    assert reader.done == own(told, "uv")
    terminal.stop()
    return reader


def end_of(items: list[Item], heading: str) -> int:
    """Return where the next chapter begins."""
    return max(number for number, one in enumerate(items) if heading in one.headings) + 1


def own(items: list[Item], *choices: str) -> list[Item]:
    """Return the blocks that the page has for whoever chooses so."""
    return census.blocks(items, {*choices, *VIEWS})


@contextlib.contextmanager
def trying(reader: Reader, folder: Path, *choices: str) -> Iterator[Reader]:
    """Let a reader who has come as far choose, in a copy of the project.

    The environment is shared, and so are the servers that are installed in it: a new one for each
    takes as long as all the rest. No command of the page installs what another server needs, so a
    package that the page forgets is missing for each of them.
    """
    other = reader.elsewhere(folder / "copy", *choices)
    try:
        yield other
    finally:
        other.terminal.stop()


def test_the_rest_of_the_page_in_its_order(
    reader: Reader, items: list[Item], tmp_path: Path
) -> None:
    rest = items[end_of(items, SO_FAR) :]
    with trying(reader, tmp_path, *IN_ORDER) as going_on:
        going_on.serving.again()
        going_on.follow(rest)
        going_on.finish()
        assert going_on.done == own(rest, *IN_ORDER)


def until_it_runs(told: list[Item]) -> tuple[list[Item], list[Item]]:
    """Part a section after what starts the server: its tabs, or all of it."""
    end = max((number for number, one in enumerate(told) if one.tabs), default=len(told)) + 1
    return told[:end], told[end:]


def take(reader: Reader, items: list[Item], server: str, routing: str) -> None:
    """Take an alternative, get the answers shown, and then go into production."""
    advanced = page.section(items, "Advanced: Custom Routing")
    rules = [one for one in advanced if one.kind == "python"][: ROUTINGS[routing]]
    assert any("refuses with a bare 403, without a reason" in one.text for one in advanced)
    heading = "Development" if server == FIRST_SERVER else "Production"
    starting, production = until_it_runs(page.section(items, heading))
    setting_up = [*page.section(items, "Channel Layers"), *rules, *starting]
    # The answers are those of the settings that the page has had until then.
    asking = [one for one in page.section(items, SO_FAR) if one.kind in ASKING]
    asking += page.section(items, "Security")
    reader.bare_refusals = routing == "custom routing"
    reader.follow(setting_up)
    (serving,) = reader.terminal.serving.values()
    assert serving.name == server.lower()
    reader.follow(asking)
    reader.follow(production)
    reader.finish()
    assert reader.done == own([*setting_up, *asking, *production], *reader.choices)
    assert bool(production) == (server != FIRST_SERVER)


@pytest.mark.parametrize(("server", "routing", "layer"), ALTERNATIVES)
def test_each_alternative_gives_the_answers_shown(
    reader: Reader, items: list[Item], tmp_path: Path, server: str, routing: str, layer: str
) -> None:
    with trying(reader, tmp_path, layer, server) as other:
        take(other, items, server, routing)


@pytest.mark.parametrize(
    ("server", "routing", "layer", "old", "new", "stuck"),
    [
        (
            *("runserver", "router", "In memory", "Hello, ada!", "Hello, eve!"),
            r"json 'Answer, logged in'(?s:.*)--- came(?s:.*)Hello, ada!",
        ),
        (
            *("Daphne", "router", "Redis", "core.RedisChannelLayer", "core.OtherChannelLayer"),
            r"realtime\.E008(?s:.*)Cannot import BACKEND 'channels_redis\.core\.OtherChannelLayer'",
        ),
        (
            *("Uvicorn", "router", "In memory", "application --host", "application --hosts"),
            r"No such option",
        ),
        (
            *("Hypercorn", "router", "In memory", "myproject.asgi:", "myproject.wsgi:"),
            r"json 'Answer, logged in'\nGraphQL answered: HTTP/1\.1 404",
        ),
        (
            *("Daphne", "custom routing", "In memory", "^graphql", "^grafql"),
            r"json 'Answer, logged in'\nGraphQL answered: HTTP/1\.1 404",
        ),
        (
            *("Daphne", "custom routing with session_auth", "In memory"),
            *("session_auth=", "other_auth=", r"TypeError: 'other_auth' is not an option"),
        ),
        (
            *("Daphne", "router", "In memory", "403 Forbidden", "404 Not Found"),
            r"Daphne can only say 403, and shown is HTTP/1\.1 404 Not Found",
        ),
        (
            *("Daphne", "router", "In memory", "SECURE_PROXY_SSL_HEADER", "OTHER_HEADER"),
            r"in production, www\.example\.com got HTTP/1\.1 301",
        ),
        (
            *("Uvicorn", "router", "In memory", "export DJANGO_SECRET_KEY", "export OTHER_KEY"),
            r"KeyError: 'DJANGO_SECRET_KEY'",
        ),
        (
            *("Hypercorn", "router", "In memory", "Start the server again", "Now be patient"),
            r"told, and never done: 'before the server starts'",
        ),
    ],
)
def test_a_fault_in_an_alternative_leaves_the_reader_stuck(
    reader: Reader,
    items: list[Item],
    tmp_path: Path,
    server: str,
    routing: str,
    layer: str,
    old: str,
    new: str,
    stuck: str,
) -> None:
    planted = [dataclasses.replace(one, text=one.text.replace(old, new)) for one in items]
    assert planted != items
    with (
        trying(reader, tmp_path, layer, server) as other,
        pytest.raises(StuckError, match=stuck),
    ):
        take(other, planted, server, routing)


def test_a_server_that_the_page_does_not_restart_leaves_the_reader_stuck(
    reader: Reader, items: list[Item], tmp_path: Path
) -> None:
    starting, _ = until_it_runs(page.section(items, "Production"))
    told = [
        *starting,
        *page.section(items, "Advanced: Custom Routing"),
        *page.section(items, "Security"),
    ]
    planted = [one for one in told if "Restart the server" not in one.text]
    assert len(planted) == len(told) - 1
    with trying(reader, tmp_path, *IN_ORDER) as other:
        with pytest.raises(StuckError, match="daphne runs as the files were before"):
            other.follow(planted)
        assert other.done[-1].title == "myproject/asgi.py (part)"


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_carries_messages(
    reader: Reader, items: list[Item], tmp_path: Path, layer: str
) -> None:
    with trying(reader, tmp_path, layer) as other:
        other.follow(page.section(items, "Channel Layers"))
        other.terminal.run(ROUND_TRIP)
    assert f"{LAYERS[layer]} Hello" in other.terminal.output


@contextlib.contextmanager
def trying_with_uv(reader: Reader, folder: Path, server: str) -> Iterator[Reader]:
    """Let a reader with uv choose a server, in a copy that has an environment of its own."""
    with trying(reader, folder, "uv", server) as other:
        other.terminal.run("uv sync --quiet\n. .venv/bin/activate")
        yield other


@pytest.mark.parametrize("server", WITH_UV)
def test_a_reader_with_uv_installs_each_server_with_it(
    reader_with_uv: Reader, items: list[Item], tmp_path: Path, server: str
) -> None:
    told = page.section(items, "Production")
    with trying_with_uv(reader_with_uv, tmp_path, server) as other:
        other.follow(told)
        other.finish()
        (serving,) = other.terminal.serving.values()
        assert serving.name == server.lower()
        assert other.done == own(told, *other.choices)


@pytest.mark.parametrize("server", WITH_UV)
def test_a_reader_with_uv_who_is_not_told_so_has_no_pip(
    reader_with_uv: Reader, items: list[Item], tmp_path: Path, server: str
) -> None:
    told = page.section(items, "Production")
    planted = [one for one in told if "with uv, write uv add" not in one.text]
    assert len(planted) == len(told) - 1
    with (
        trying_with_uv(reader_with_uv, tmp_path, server) as other,
        pytest.raises(StuckError, match="No module named pip"),
    ):
        other.follow(planted)


def test_a_reader_with_uv_comes_as_far(
    reader_with_uv: Reader, items: list[Item], tmp_path: Path
) -> None:
    with trying(reader_with_uv, tmp_path, "uv") as other:
        told = page.section(items, "Troubleshooting")
        other.follow(one for one in told if one.kind == "bash")
    assert "no issues" in other.terminal.output
