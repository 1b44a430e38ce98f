"""Stock clients miss nothing of a topic with a history, whatever is cut, killed or restarted."""

from __future__ import annotations

import json
import os
import queue
import random
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.live.clients import node
from tests.live.cutting import CuttingProxy
from tests.live.sites import Site, Sites, new_name
from tools.harness.servers import SERVERS

HERE = Path(__file__).parent
#: More of each with `RESUME_TIMES`.
TIMES = int(os.environ.get("RESUME_TIMES", "1"))
CLIENTS, EVENTS, CUTS = 8 * TIMES, 200 * TIMES, 20 * TIMES
#: Seconds between two events, and for which the clients may take to have them all.
PAUSE, PATIENCE = 0.02, 90
#: Seconds before a cut whose results may come again, on a busy machine.
MOST_AGAIN = 4.0


class Clients:
    """A process of Node with stock clients of graphql-ws."""

    def __init__(self, port: int, name: str, folder: Path) -> None:
        shutil.copy(HERE / "clients/resume.mjs", folder)
        (folder / "node_modules").symlink_to(node.packages() / "node_modules")
        url = f"ws://127.0.0.1:{port}/native"
        command = [node.command("node"), "resume.mjs", url, name, str(CLIENTS), str(EVENTS)]
        self._process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        self._lines: queue.Queue[Any] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(json.loads(line))

    def all_listen(self, site: Site, name: str) -> None:
        """Publish what does not count until each client has had it."""
        heard: set[int] = set()
        while len(heard) < CLIENTS:
            site.act("number", name=name, numbers=[-1])
            time.sleep(0.2)
            while not self._lines.empty():
                heard.add(self._lines.get())

    def received(self) -> list[dict[str, Any]]:
        """Wait until each client has received all, and return what each has received."""
        end = time.monotonic() + PATIENCE
        while True:
            found = self._lines.get(timeout=max(0.01, end - time.monotonic()))
            if isinstance(found, list):
                return found

    def stop(self) -> None:
        self._process.kill()
        self._reader.join()
        self._process.communicate()


@pytest.mark.parametrize(
    ("server", "layer"), [*((server, "pubsub") for server in SERVERS), ("uvicorn", "core")]
)
def test_stock_clients_miss_nothing(sites: Sites, tmp_path: Path, server: str, layer: str) -> None:
    """Two processes publish and serve; connections are cut, and one of the processes is killed."""
    name, chance = new_name("number"), random.Random(7)
    with sites.another(server, layer) as first, sites.another(server, layer) as second:
        proxy = CuttingProxy([first.server.port, second.server.port], seed=7)
        with proxy.serving():
            clients = Clients(proxy.port, name, tmp_path)
            try:
                clients.all_listen(first, name)
                publishers = [first, second]
                for number in range(EVENTS):
                    chance.choice(publishers).act("number", name=name, numbers=[number])
                    if number % (EVENTS // CUTS) == 0:
                        proxy.cut()
                    if number == EVENTS * 2 // 3:
                        publishers.remove(second)
                        os.killpg(second.server.process.pid, signal.SIGKILL)
                    time.sleep(PAUSE)
                received = clients.received()
            finally:
                clients.stop()
    for client in received:
        check(client)


def check(client: dict[str, Any]) -> None:
    """See that a client has all, in order once what comes again is dropped by its position.

    What comes again was received not long before a cut, in the time in which it was connected: the
    client is asked what it has read every second.
    """
    assert client["error"] is None, client["error"]
    known: dict[str, int] = {}
    when: dict[str, float] = {}
    connected = last = 0.0
    connection = 0
    for number, position, at, serving in client["received"]:
        connected, last = connected + (at - last if serving == connection else 0), at
        connection = serving
        if position in known:
            assert connected - when[position] < MOST_AGAIN * 1000, client["field"]
        known.setdefault(position, number)
        when[position] = connected
    assert list(known.values()) == list(range(EVENTS)), client["field"]
