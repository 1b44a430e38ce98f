"""A proxy in front of several servers that cuts the connections of its clients."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Iterator, Sequence

from tools.harness.processes import HOST, free_port

#: As `SO_LINGER`: no time, so that closing resets the connection.
_RESET = struct.pack("ii", 1, 0)


class CuttingProxy:
    """Hand on what comes to one of the servers, in turn.

    Args:
        ports: those of the servers; one that is not there is passed over.
        seed: of what is cut, and how.
    """

    def __init__(self, ports: Sequence[int], seed: int) -> None:
        self.port = free_port()
        self.cuts = 0
        self._ports = ports
        self._random = random.Random(seed)
        self._turn = 0
        self._open: dict[asyncio.StreamWriter, asyncio.StreamWriter] = {}
        self._torn: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Serve inside the block, in a thread."""
        thread = threading.Thread(target=self._loop.run_forever)
        thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    async def _serve(self) -> None:
        self._server = await asyncio.start_server(self._accept, HOST, self.port)

    async def _end(self) -> None:
        self._server.close()
        for client in list(self._open):
            self._reset(client)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(others, timeout=5) if others else None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in self._ports:
            self._turn += 1
            with contextlib.suppress(OSError):
                port = self._ports[self._turn % len(self._ports)]
                server = await asyncio.open_connection(HOST, port)
                break
        else:
            writer.close()
            return
        self._open[writer] = server[1]
        try:
            await asyncio.gather(self._pump(reader, server[1]), self._pump(server[0], writer))
        finally:
            self._open.pop(writer, None)
            server[1].close()
            writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if writer in self._torn:  # In the middle of a frame.
                    writer.write(data[: len(data) // 2])
                    await writer.drain()
                    self._reset(writer)
                    return
                writer.write(data)
                await writer.drain()
            writer.write_eof()

    def cut(self) -> bool:
        """Cut one connection: at once, in the middle of what comes next, or on one side only.

        Returns:
            Whether there was one.
        """
        return asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result()

    async def _cut(self) -> bool:
        if not self._open:
            return False
        client = self._random.choice(list(self._open))
        how = self._random.choice(("reset", "torn", "half"))
        self.cuts += 1
        if how == "torn":
            self._torn.add(client)
        elif how == "half":
            with contextlib.suppress(OSError):
                self._open[client].write_eof()
            asyncio.get_running_loop().call_later(0.5, self._reset, client)
        else:
            self._reset(client)
        return True

    def _reset(self, client: asyncio.StreamWriter) -> None:
        self._torn.discard(client)
        server = self._open.pop(client, None)
        for writer in (client, server):
            if writer is None:
                continue
            connection = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
