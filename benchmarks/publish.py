"""Publish from a process without a loop, and what one event asks of Redis."""

from __future__ import annotations

import contextlib
import json
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import redis

from benchmarks.crowd import crowd
from benchmarks.measuring import ratio, shown, times
from benchmarks.programs import environment, project, served
from tools.harness.projects import Project
from tools.harness.redis import RedisServer, redis_server

ROUNDS, LOOP, SUBSCRIBERS, EVENTS = 5, 1_000, 1_000, 20
#: The last of the commands that are counted.
END = "measured-end"
LAYERS = {
    "pub/sub": "channels_redis.pubsub.RedisPubSubChannelLayer",
    "core": "channels_redis.core.RedisChannelLayer",
}
WAYS = {
    "bare": "`PUBLISH` with redis-py",
    "group_send": "`async_to_sync(layer.group_send)`",
    "ours": "`publish_sync`",
}


def in_a_loop(made: Project, server: RedisServer, count: int) -> Any:
    """Return the seconds and connections of each way to publish, from a fresh process.

    Raises:
        RuntimeError: it failed.
    """
    env = {**environment("shared"), "LAYER": LAYERS["pub/sub"], "REDIS": server.url}
    done = made.python("-m", "myproject.publish_measured", str(count), env=env)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def commands(
    made: Project, server: RedisServer, layer: str, sizes: tuple[int, int], events: int
) -> dict[str, float]:
    """Return the Redis commands of one event, by name; each process has its subscribers."""
    env = {"LAYER": LAYERS[layer], "REDIS": server.url}
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(redis.Redis.from_url(server.url))
        processes = [
            stack.enter_context(crowd(stack.enter_context(served(made, "shared", env=env))))
            for size in sizes
            if size
        ]
        for process, size in zip(processes, sizes, strict=False):
            process.grow(size)
        for process in processes:
            process.rest()  # the last has sent all an event
        with client.monitor() as monitor:
            for _ in range(events):
                # One at a time: each is read before the next is sent.
                processes[0].publish(1, 1)
            for process in processes:
                process.rest()
            client.echo(END)
            counted = Counter(_sent(monitor))
    return {
        name: round(calls / events, 2)
        for name, calls in sorted(counted.items())
        if calls >= events / 2  # and nothing that a process does now and then
    }


def _sent(monitor: Any) -> Iterator[str]:
    """Yield the commands that clients have sent, without what scripts call in Redis."""
    while seen := monitor.next_command():
        if END in seen["command"]:
            return
        if seen["client_type"] != "lua":
            yield seen["command"].split()[0].lower()


def main(look: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure, and return the results."""
    rounds, loop, many, events = (1, 50, 20, 5) if look else (ROUNDS, LOOP, SUBSCRIBERS, EVENTS)
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    opened: dict[str, int] = {}
    asked = [["Redis commands for an event", "pub/sub", "core"]]
    with project() as made, redis_server() as server:
        for _ in range(rounds):
            for way, seen in in_a_loop(made, server, loop).items():
                seconds[way].append(seen["seconds"])
                opened[way] = int(seen["connections"])
        say(f"{rounds} rounds of publishing in a loop")
        for sizes in ((1, 0), (many, 0), (many // 2, many // 2)):
            said = f"{sum(sizes):,} in {'two processes' if sizes[1] else 'one process'}"
            found = [commands(made, server, layer, sizes, events) for layer in LAYERS]
            cells = (
                f"{sum(by.values()):.3g} ({', '.join(f'`{name}` {n:g}' for name, n in by.items())})"
                for by in found
            )
            asked.append([said, *cells])
            say(f"commands of an event, {said}")
    rows = [["One of a loop", "Times `PUBLISH`", "CPU (µs)", "Connections to Redis"]]
    for way, said in WAYS.items():
        microseconds = shown(statistics.median(seconds[way]) * 1e6)
        beside = ratio(times(seconds[way], seconds["bare"]))
        rows.append([said, beside, microseconds, str(opened[way])])
    return {"rounds": rounds, "loop": loop, "tables": {"loop": rows, "commands": asked}}
