"""The site that is probed: the guide's project on a real server, with either router.

Imports the harness.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import InvalidHandshake

from tools.harness.clients import WebSocketClient
from tools.harness.projects import Project, build
from tools.harness.redis import RedisServer
from tools.harness.servers import Server

ROUTERS: tuple[str, ...] = ("stock", "ours")
FILES = Path(__file__).with_name("project")
THEIRS = Path(__file__).with_name("theirs")
SECONDS = 5.0
POLL = 0.01

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """What came for an operation: its data, or what is wrong in the words of the server."""

    data: Any = None
    wrong: str = ""


@dataclass(frozen=True)
class Visitor:
    """A user who is logged in, with the cookie."""

    username: str
    cookies: httpx.Cookies


@dataclass(eq=False)
class Site:
    """One process of the site.

    Attributes:
        server: what serves it.
        other: a process of the same site with the guide's settings and the same database.
        redis: the Redis of its channel layer, if it has one.
    """

    server: Server
    other: Site | None = None
    redis: RedisServer | None = None
    _log_read: int = 0

    @property
    def url(self) -> str:
        """The origin of the site."""
        return self.server.url

    def client(self, visitor: Visitor | None = None) -> httpx.Client:
        """Return a client, with the visitor's cookie; close it."""
        cookies = visitor.cookies if visitor else None
        return httpx.Client(base_url=self.url, timeout=SECONDS, cookies=cookies)

    def get(self, path: str, visitor: Visitor | None = None, **options: Any) -> httpx.Response:
        """Get a page."""
        with self.client(visitor) as client:
            return client.get(path, **options)

    def post(self, content: Any, visitor: Visitor | None = None, **options: Any) -> httpx.Response:
        """Post a body to the endpoint."""
        path = options.pop("path", "/graphql")
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        with self.client(visitor) as client:
            return client.post(path, content=body, headers=headers, **options)

    def over_http(self, query: str, visitor: Visitor | None = None, **options: Any) -> Answer:
        """Execute an operation over HTTP."""
        answer = self.post({"query": query}, visitor, **options)
        if answer.status_code != 200:
            return Answer(wrong=str(answer.status_code))
        return answer_of(answer.json())

    def over_websocket(
        self, query: str, visitor: Visitor | None = None, path: str = "/graphql"
    ) -> Answer:
        """Execute an operation over WebSocket; a subscription's answer is its first."""
        try:
            with self.socket(visitor, path=path) as socket:
                socket.init()
                socket.subscribe("1", query)
                message = socket.next_message(SECONDS)
        except InvalidHandshake as error:
            return Answer(wrong=str(error))
        payload = message.get("payload")
        return answer_of(payload if message["type"] == "next" else {"errors": payload})

    def socket(self, visitor: Visitor | None = None, **options: Any) -> WebSocketClient:
        """Open a socket."""
        cookies = visitor.cookies if visitor else None
        return WebSocketClient.connect(self.server, cookies=cookies, **options)

    def act(self, action: str, visitor: Visitor, timeout: float = SECONDS) -> httpx.Cookies:
        """Do something from inside the process, as the visitor; return the cookies after it."""
        with self.client(visitor) as client:
            answer = client.post(f"/act/{action}/", json=visitor.username, timeout=timeout)
            answer.raise_for_status()
            return client.cookies

    def visitor(self) -> Visitor:
        """Create a user, and log in."""
        visitor = Visitor(f"visitor-{os.getpid()}-{next(_numbers)}", httpx.Cookies())
        return Visitor(visitor.username, self.act("enter", visitor))

    def report(self) -> dict[str, int]:
        """Return the memory of the process, its peak, and how many queries it has made."""
        seen: dict[str, int] = self.get("/report/").json()
        return seen

    def queries(self, action: Callable[[], object]) -> int:
        """Return how many queries the process makes for an action."""
        # What the report itself costs is the same before and after.
        first, second = self.report()["queries"], self.report()["queries"]
        action()
        return self.report()["queries"] - second - (second - first)

    def traceback(self) -> bool:
        """Tell whether the log got a traceback since the last call."""
        log = self.server.log()
        before, self._log_read = self._log_read, len(log)
        return "Traceback" in log[before:]


def answer_of(result: Mapping[str, Any]) -> Answer:
    """Return what a result says: its data, or its first error."""
    errors = result.get("errors")
    return Answer(wrong=errors[0]["message"]) if errors else Answer(data=result.get("data"))


def until(condition: Callable[[], Any], seconds: float = SECONDS) -> bool:
    """Wait until `condition` holds, and tell whether it does."""
    end = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < end:
        time.sleep(POLL)
    return bool(holds)


def build_project(target: Path) -> Project:
    """Build the guide's project, with the site's files in it and its database."""
    project = build(target / "custom", "settings", "custom_url_pattern")
    custom = (project.path / "myproject" / "asgi.py").read_bytes()
    project = build(target / "project", "settings", "asgi_routing")
    package = project.path / "myproject"
    (package / "asgi_custom.py").write_bytes(custom)
    for path in FILES.glob("*.py"):
        shutil.copy(path, package)
    project.manage("migrate", env=environment("ours", {}))
    return project


def environment(router: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment in which the project has a router and these settings."""
    env = {
        "DJANGO_SETTINGS_MODULE": "myproject.settings_probed",
        "SITE_ROUTER": router,
        "SITE_SETTINGS": json.dumps(settings),
    }
    return {**env, "PYTHONPATH": str(THEIRS)} if router == "stock" else env
