"""The guide's client of gql, and a listener of it that runs beside a test."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import threading
import time
from collections.abc import Mapping
from typing import Any

from tests.live.clients.site import ADD
from tools.harness import projects

SOURCE = projects.SNIPPETS / "clients/chat_client.py"


def load() -> Any:
    """Import the snippet."""
    spec = importlib.util.spec_from_file_location("chat_client", SOURCE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Listener:
    """Listens to a room in a thread until `close`."""

    def __init__(self, url: str, cookies: Mapping[str, str], room: str) -> None:
        self._given = (url, dict(cookies), room)
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self._listen())
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.texts: list[str] = []
        self._thread.start()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(asyncio.wait([self._task]))
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _listen(self) -> None:
        url, cookies, room = self._given
        async for data in load().listen(url, cookies, ADD, room=room):
            self.texts.append(data["messageAdded"]["text"])

    def hears(self, text: str, seconds: float = 30) -> None:
        """See a message arrive."""
        end = time.monotonic() + seconds
        while text not in self.texts:
            if not self._thread.is_alive():
                self._task.result()
            assert time.monotonic() < end, f"only {self.texts} in {seconds:g} s"
            time.sleep(0.01)

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(RuntimeError):  # It has ended by itself.
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()
