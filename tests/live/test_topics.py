"""Shared subscriptions on real servers: other processes, slow readers, and what Redis is asked."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest
from redis import Redis

from tests.live.raw import TEXT, RawSocket
from tests.live.sites import Site, Sites, Visitor, new_name, until
from tools.harness.servers import SERVERS

LAYERS = ("pubsub", "core")
#: What Redis executes for an event, scripts and transactions of channels_redis by their parts.
MOST_COMMANDS = {"pubsub": 3, "core": 16}
EVENT_BYTES = 4096


@contextlib.contextmanager
def told(
    site: Site,
    name: str,
    path: str = "/graphql",
    visitor: Visitor | None = None,
    receive_buffer: int | None = None,
) -> Iterator[RawSocket]:
    """Subscribe, and go on when the subscription listens."""
    query = f'subscription {{ told(name: "{name}") }}'
    payload = {"query": query, "extensions": {"confirm": True}}
    cookies = {} if visitor is None else {"Cookie": f"sessionid={visitor.session_key}"}
    with RawSocket(site, path, cookies, receive_buffer) as raw:
        raw.send('{"type": "connection_init"}')
        raw.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        while (frame := raw.receive()) is not None and b"subscribed" not in frame[1]:
            pass
        yield raw


def read(raw: RawSocket, last: str) -> list[str]:
    """Read on, with pongs, to the text `last` or to the end."""
    texts: list[str] = []
    while (frame := raw.receive()) is not None and frame[0] == TEXT:
        message = json.loads(frame[1])
        if message["type"] == "ping":
            raw.send(json.dumps({**message, "type": "pong"}))
        else:
            texts.append(message["payload"]["data"]["told"].strip())
            if texts[-1] == last:
                break
    return texts


@pytest.mark.parametrize(
    ("server", "layer"), [*((server, "pubsub") for server in SERVERS), ("uvicorn", "core")]
)
def test_one_slow_reader_delays_nobody(sites: Sites, server: str, layer: str) -> None:
    """It falls behind alone, and is closed; the others receive each event, in order."""
    site, name = sites.get(server, layer), new_name("told")
    path, buffer = "/overflow-close", EVENT_BYTES
    with told(site, name, path, receive_buffer=buffer) as slow, told(site, name) as quick:
        for start in range(0, 200, 20):
            texts = [f"{number}".ljust(EVENT_BYTES) for number in range(start, start + 20)]
            site.act("tell", name=name, texts=texts)
            assert read(quick, str(start + 19)) == [str(each) for each in range(start, start + 20)]
        came = read(slow, "199")
        assert came == [str(number) for number in range(len(came))]
        assert len(came) < 200
        assert site.running(name) == 1
    until(lambda: not site.running(name))


@pytest.mark.parametrize("server", SERVERS)
def test_who_may_not_stay_is_told_nothing_more(sites: Sites, server: str) -> None:
    site, name = sites.get(server), new_name("told")
    visitor = site.visitor()
    with told(site, name, visitor=visitor) as theirs, told(site, name) as others:
        site.act("leave", visitor.client)
        assert theirs.close_code() == 4401
        site.act("tell", name=name, texts=["secret"])
        assert read(others, "secret") == ["secret"]


@pytest.mark.parametrize("layer", LAYERS)
def test_an_event_of_another_process_costs_redis_the_same_for_any_number(
    sites: Sites, layer: str
) -> None:
    site, name = sites.get(layer=layer), new_name("told")
    counted = []
    with Redis.from_url(sites.redis.url) as redis, sites.another(layer=layer) as other:
        for many in (1, 30):
            with contextlib.ExitStack() as stack:
                sockets = [stack.enter_context(told(site, name)) for _ in range(many)]
                other.act("tell", name=name, texts=["warm"])
                assert [read(each, "warm") for each in sockets] == [["warm"]] * many
                before = commands(redis)
                other.act("tell", name=name, texts=[str(each) for each in range(50)])
                for socket in sockets:
                    assert read(socket, "49") == [str(each) for each in range(50)]
                counted.append((commands(redis) - before) / 50)
            until(lambda: not site.running(name))
    assert max(counted) <= MOST_COMMANDS[layer]


def commands(redis: Redis) -> int:
    """Return how many commands Redis was given."""
    count: int = redis.info("stats")["total_commands_processed"]
    return count
