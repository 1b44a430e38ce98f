"""``python -m benchmarks.driver PORT``: the subscribers of one server, in a process of their own.

Each line of its input is a command as JSON, and each line of its output the answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any
from uuid import uuid4

from benchmarks.socket import Socket

#: How many sockets connect at a time, and the seconds for which results are awaited.
AT_A_TIME, PATIENCE = 20, 120


class Driver:
    """Subscribers of one server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.sockets: list[Socket] = []
        self.results = self.wanted = 0
        self.all_here: asyncio.Future[None] | None = None
        self.errors: list[str] = []

    async def grow(self, sockets: int) -> None:
        """Have so many sockets, each of which has sent its subscription."""
        while len(self.sockets) < sockets:
            more = min(AT_A_TIME, sockets - len(self.sockets))
            await asyncio.wait_for(asyncio.gather(*(self._connect() for _ in range(more))), 30)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(
            lambda: Socket(self.port, str(uuid4()), self._heard, self._failed),
            "127.0.0.1",
            self.port,
        )
        self.sockets.append(socket)
        await socket.subscribed

    async def reach(self) -> None:
        """Publish an event at a time until every socket has had one: then all are subscribed.

        Raises:
            RuntimeError: some have had none.
        """
        had = [socket.results for socket in self.sockets]
        for _ in range(PATIENCE):
            await self._post(1)
            for _ in range(20):
                found = zip(self.sockets, had, strict=True)
                if all(socket.results > before for socket, before in found):
                    return
                await asyncio.sleep(0.05)
        raise RuntimeError("; ".join(["some sockets get nothing", *self.errors[:3]]))

    async def ask(self, times: int) -> None:
        """Ask as often for nothing to be published."""
        for _ in range(times):
            await self._post(0)

    async def publish(self, events: int, batch: int) -> None:
        """Let events be published in batches, and await each at each socket.

        Raises:
            RuntimeError: a socket has not got what it should have, or was closed.
        """
        for _ in range(events // batch):
            before = [socket.results for socket in self.sockets]
            await self._ask(batch)
            found = zip(self.sockets, before, strict=True)
            if any(socket.results - had != batch for socket, had in found):
                raise RuntimeError("some sockets have got too few events, others too many")
        for socket in (self.sockets[0], self.sockets[-1]):
            item = json.loads(socket.last)["payload"]["data"]["item"]
            if len(item) != 6 or item["listen"] != str(batch - 1):
                raise RuntimeError(f"not the last event: {socket.last!r}")

    async def latencies(self, events: int) -> list[float]:
        """Return the sorted seconds from publishing to receiving, of single events."""
        found: list[float] = []
        for _ in range(events):
            began = await self._ask(1)
            found += [(socket.at - began) / 1e9 for socket in self.sockets]
        return sorted(found)

    async def _ask(self, events: int) -> int:
        self.results, self.wanted = 0, events * len(self.sockets)
        self.all_here = asyncio.get_running_loop().create_future()
        began = await self._post(events)
        try:
            await asyncio.wait_for(self.all_here, PATIENCE)
        except asyncio.TimeoutError:
            self.errors.append(f"{self.results} of {self.wanted} results")
        if self.errors:
            raise RuntimeError(self.errors[0])
        return began

    async def _post(self, events: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        body = str(events)
        writer.write(
            f"POST /publish/ HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        answer = await reader.read()
        writer.close()
        # Node's answer comes in chunks.
        return int(max(answer.split(b"\r\n\r\n", 1)[1].split(b"\r\n"), key=len))

    def _heard(self, _: Socket) -> None:
        self.results += 1
        if self.results == self.wanted and self.all_here and not self.all_here.done():
            self.all_here.set_result(None)

    def _failed(self, what: str) -> None:
        self.errors.append(what)
        if self.all_here and not self.all_here.done():
            self.all_here.set_result(None)


async def main(port: int) -> None:
    """Do what the lines of the input say, until it ends."""
    driver = Driver(port)
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        name, *arguments = json.loads(line)
        found: Any = await getattr(driver, name)(*arguments)
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
