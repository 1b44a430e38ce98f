"""The subscribers of a server, seen from the process that measures it.

May import benchmarks.measuring and tools.harness.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.measuring import cpu_seconds
from tools.harness.live import ROOT
from tools.harness.servers import Server

#: A server is at rest when it takes less than this part of a processor for so many seconds.
REST, SECONDS = 0.05, 0.1


class Crowd:
    """Subscribers in a process of their own, and the server that they ask."""

    def __init__(self, server: Server, driver: subprocess.Popen[str]) -> None:
        self.server = server
        self._driver = driver

    def _do(self, *command: Any) -> Any:
        assert self._driver.stdin
        assert self._driver.stdout
        print(json.dumps(command), file=self._driver.stdin, flush=True)
        answer = self._driver.stdout.readline()
        if not answer:
            raise RuntimeError(f"the subscribers of {self.server.name} failed at {command}")
        return json.loads(answer)

    def grow(self, sockets: int) -> float:
        """Have so many subscribers; return the server's processor time, in seconds."""
        before = cpu_seconds(self.server)
        self._do("grow", sockets)
        self.rest()
        taken = cpu_seconds(self.server) - before
        self._do("reach")
        self.rest()
        return taken

    def publish(self, events: int, batch: int) -> float:
        """Return the server's processor time for an event, in seconds, without the requests."""
        before = cpu_seconds(self.server)
        self._do("ask", events // batch)
        between = cpu_seconds(self.server)
        self._do("publish", events, batch)
        return (cpu_seconds(self.server) - between - (between - before)) / events

    def latencies(self, events: int) -> list[float]:
        """Return the sorted seconds from publishing an event to its receipt."""
        found: list[float] = self._do("latencies", events)
        return found

    def rest(self) -> None:
        """Wait until the server has done what it was asked."""
        used = -1.0
        while (now := cpu_seconds(self.server)) - used > REST * SECONDS:
            used = now
            time.sleep(SECONDS)


@contextlib.contextmanager
def crowd(server: Server) -> Iterator[Crowd]:
    """Have a driver for the length of the block."""
    driver = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.driver", str(server.port)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Crowd(server, driver)
    finally:
        driver.kill()
        driver.communicate()
