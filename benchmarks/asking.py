"""Ask a server for the benchmark of the router, and see what that took: seconds, or bytes.

What a task asks of whom is here; how often, and what is made of it, is in `router_costs`. May
import benchmarks.measuring and tools.harness.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from benchmarks.measuring import cpu_seconds, memory_bytes
from tools.harness import clients
from tools.harness.servers import Server

PROTOCOLS = [Subprotocol("graphql-transport-ws")]
SUBSCRIBE = {"id": "1", "type": "subscribe", "payload": {"query": "subscription { listen }"}}
PING = {"query": "{ ping }"}
#: Where the peers answer what the routers answer at `/graphql`.
PATHS = {("peers", "ping-user"): "/view"}


@dataclass(frozen=True)
class Sizes:
    """How much is asked in a round, and of how many sockets the memory is measured."""

    rounds: int = 5
    requests: int = 200
    sockets: int = 100
    batches: int = 10
    batch: int = 20  #: under what the in-memory layer keeps
    many_sockets: int = 1_000


async def subscribed(stack: contextlib.AsyncExitStack, server: Server) -> ClientConnection:
    """Return a socket that has been told that it listens.

    Raises:
        RuntimeError: something else came.
    """
    connecting = connect(
        f"{server.ws_url}/graphql",
        origin=Origin(server.url),
        subprotocols=PROTOCOLS,
        ping_interval=None,
        compression=None,
        proxy=None,
    )
    socket = await stack.enter_async_context(connecting)
    await socket.send(json.dumps({"type": "connection_init"}))
    await socket.recv()
    await socket.send(json.dumps(SUBSCRIBE))
    await expect(socket, "listening")
    return socket


async def expect(socket: ClientConnection, value: str) -> None:
    """Take the next result of a socket.

    Raises:
        RuntimeError: it is another one.
    """
    message = json.loads(await asyncio.wait_for(socket.recv(), clients.SECONDS))
    if message.get("payload") != {"data": {"listen": value}}:
        raise RuntimeError(f"expected the event {value}, got {message}")


async def over_sockets(server: Server, sizes: Sizes) -> dict[str, float]:
    """Return the seconds for a socket that subscribes, and for an event that is delivered."""
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=server.url))
        before = cpu_seconds(server)
        sockets = [await subscribed(stack, server) for _ in range(sizes.sockets)]
        connected = cpu_seconds(server)
        for _ in range(sizes.batches):
            publishing = client.post("/publish/", content=str(sizes.batch))
            (await publishing).raise_for_status()
            for socket in sockets:
                for number in range(sizes.batch):
                    await expect(socket, str(number))
        events = sizes.sockets * sizes.batches * sizes.batch
        return {
            "connect": (connected - before) / sizes.sockets,
            "event": (cpu_seconds(server) - connected) / events,
        }


async def memory(server: Server, sizes: Sizes) -> float:
    """Return the bytes that a subscribed socket takes, beyond the first ones."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(sizes.sockets):
            await subscribed(stack, server)
        before = memory_bytes(server)
        for _ in range(sizes.many_sockets):
            await subscribed(stack, server)
        return (memory_bytes(server) - before) / sizes.many_sockets


def over_http(server: Server, who: str, user: httpx.Client, requests: int) -> dict[str, float]:
    """Return the seconds of each kind of request.

    Raises:
        RuntimeError: an answer is not the right one.
    """
    found = {}
    with httpx.Client(base_url=server.url) as nobody:
        asked = {"ping": (nobody, PING), "ping-user": (user, PING), "page": (user, None)}
        for task, (client, operation) in asked.items():
            path = PATHS.get((who, task), "/graphql") if operation else "/plain/"
            before = cpu_seconds(server)
            for _ in range(requests):
                answer = client.post(path, json=operation) if operation else client.get(path)
                right = {"data": {"ping": "pong"}} if operation else "plain"
                if answer.status_code != 200 or right != (
                    answer.json() if operation else answer.text
                ):
                    raise RuntimeError(f"{who} {path} answered {answer.status_code}: {answer.text}")
            found[task] = (cpu_seconds(server) - before) / requests
    return found
