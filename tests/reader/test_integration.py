"""The integration guide as it was built, and each alternative that it lets its reader choose."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reader.conftest import OpenTerminal
from tools.harness.redis import RedisServer
from tools.reader import page
from tools.reader.page import Item
from tools.reader.terminal import StuckError
from tools.reader.walk import Reader

pytestmark = pytest.mark.timeout(600)

#: What the page asks of its reader: a Django project, with an environment that is active.
A_PROJECT = "django-admin startproject myproject ."
WITH_PIP = "python -m venv .venv\n. .venv/bin/activate\npython -m pip install django\n"
WITH_UV = "uv init --quiet --bare\nuv add --quiet django\n. .venv/bin/activate\n"

LAYERS = {
    "In memory": "channels.layers.InMemoryChannelLayer",
    "Redis": "channels_redis.core.RedisChannelLayer",
    "Redis pub/sub": "channels_redis.pubsub.RedisPubSubChannelLayer",
}
#: With the two of the page in its order (runserver and the router; Daphne and session_auth; in
#: memory), each server meets each routing, and each of either meets each layer.
ALTERNATIVES = [
    ("runserver", "custom routing", "Redis"),
    ("runserver", "custom routing with session_auth", "Redis pub/sub"),
    ("Daphne", "router", "Redis"),
    ("Daphne", "custom routing", "Redis pub/sub"),
    ("Uvicorn", "router", "Redis pub/sub"),
    ("Uvicorn", "custom routing", "In memory"),
    ("Uvicorn", "custom routing with session_auth", "Redis"),
    ("Hypercorn", "router", "In memory"),
    ("Hypercorn", "custom routing", "Redis"),
    ("Hypercorn", "custom routing with session_auth", "Redis pub/sub"),
]
BLOCKS_OF_ROUTING = {"router": 0, "custom routing": 1, "custom routing with session_auth": 2}

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
    return page.read(site / "integrations/channels/index.html")


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
    reader = Reader(terminal, choices=["pip", "In memory"])
    so_far = items[: end_of(items, "Accessing User in Resolvers")]
    reader.follow(so_far)
    assert reader.done == blocks(so_far, reader)
    return reader


def end_of(items: list[Item], heading: str) -> int:
    """Return where the next chapter begins."""
    return max(number for number, one in enumerate(items) if heading in one.headings) + 1


def blocks(items: list[Item], reader: Reader) -> list[Item]:
    """Return the blocks among what this reader reads."""
    return [one for one in items if one.kind != "prose" and one.is_for(reader.choices)]


@contextlib.contextmanager
def trying(reader: Reader, *choices: str) -> Iterator[None]:
    """Let the reader choose, and put the files back afterwards."""
    package = reader.terminal.cwd / "myproject"
    before = {path: path.read_bytes() for path in package.glob("*.py")}
    chosen, document = reader.choices, reader.document
    reader.choices = choices
    try:
        yield
    finally:
        reader.choices, reader.document, reader.bare_refusals = chosen, document, False
        for path, content in before.items():
            path.write_bytes(content)
        reader.terminal.stop()


def test_the_rest_of_the_page_in_its_order(reader: Reader, items: list[Item]) -> None:
    rest = items[end_of(items, "Accessing User in Resolvers") :]
    with trying(reader, "pip", "In memory", "Daphne"):
        reader.done.clear()
        reader.follow(rest)
        assert reader.done == blocks(rest, reader)


def take(reader: Reader, items: list[Item], server: str, routing: str) -> None:
    """Take an alternative, and get the answers shown."""
    reader.follow(page.section(items, "Channel Layers"))
    advanced = page.section(items, "Advanced: Custom Routing")
    rules = [one for one in advanced if one.kind == "python"]
    assert len(rules) == len(BLOCKS_OF_ROUTING) - 1
    reader.follow(rules[: BLOCKS_OF_ROUTING[routing]])
    reader.bare_refusals = routing == "custom routing"
    assert any("refuses with a bare 403, without a reason" in one.text for one in advanced)
    heading = "Development" if server == "runserver" else "Production"
    commands = [one for one in page.section(items, heading) if one.kind == "bash"]
    reader.follow(one for one in commands if "manage.py check" not in one.text)
    (running,) = reader.terminal.serving.values()
    assert running.name == server.lower()
    answers = page.section(items, "Accessing User in Resolvers")
    reader.follow(one for one in answers if one.kind in ("graphql", "json", "frames"))
    reader.follow(page.section(items, "Security"))


@pytest.mark.parametrize(("server", "routing", "layer"), ALTERNATIVES)
def test_each_alternative_gives_the_answers_shown(
    reader: Reader, items: list[Item], server: str, routing: str, layer: str
) -> None:
    with trying(reader, layer, server):
        take(reader, items, server, routing)


@pytest.mark.parametrize(
    ("server", "routing", "layer", "old", "new"),
    [
        ("runserver", "router", "Redis", "core.RedisChannelLayer", "core.OtherChannelLayer"),
        ("Uvicorn", "router", "In memory", "application --host", "application --hosts"),
        (
            "Hypercorn",
            "router",
            "In memory",
            "hypercorn myproject.asgi",
            "hypercorn myproject.wsgi",
        ),
        ("Daphne", "custom routing", "In memory", "^graphql", "^grafql"),
        ("Daphne", "custom routing with session_auth", "In memory", "session_auth=", "other_auth="),
        ("Daphne", "router", "In memory", "403 Forbidden", "404 Not Found"),
    ],
)
def test_a_fault_in_an_alternative_leaves_the_reader_stuck(
    reader: Reader, items: list[Item], server: str, routing: str, layer: str, old: str, new: str
) -> None:
    planted = [dataclasses.replace(one, text=one.text.replace(old, new)) for one in items]
    assert planted != items
    with trying(reader, layer, server), pytest.raises(StuckError):
        take(reader, planted, server, routing)


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_carries_messages(reader: Reader, items: list[Item], layer: str) -> None:
    with trying(reader, layer):
        reader.follow(page.section(items, "Channel Layers"))
        reader.terminal.run(ROUND_TRIP)
    assert f"{LAYERS[layer]} Hello" in reader.terminal.output


def test_a_reader_with_uv_comes_as_far(
    items: list[Item], tmp_path: Path, open_terminal: OpenTerminal
) -> None:
    terminal = open_terminal(tmp_path)
    terminal.run(WITH_UV + A_PROJECT)
    reader = Reader(terminal, choices=["uv"])
    reader.follow(page.section(items, "Installation", "Configuration"))
    reader.follow(one for one in page.section(items, "Troubleshooting") if one.kind == "bash")
    assert "no issues" in terminal.output
