"""The site under attack on real servers, and the people who visit it."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tools.harness import clients, projects, servers
from tools.harness.redis import RedisServer

#: Which router the sites have: "ours", or "stock" for the one of strawberry-graphql-django.
ROUTER = os.environ.get("COMPARE_ROUTER", "ours")

APPLICATION = "security_site.asgi:application"
#: Seconds to wait at most; what the stock router does not do by then, it does not do.
SECONDS = 30.0 if ROUTER == "ours" else 2.0
POLL = 0.01

_numbers = itertools.count(1)


def until(condition: Callable[[], Any], seconds: float = SECONDS) -> float:
    """Wait until `condition` holds, and return the seconds that it took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, "the condition still does not hold"
        time.sleep(POLL)
    return time.monotonic() - start


@dataclass(frozen=True)
class Visitor:
    """A user who is logged in."""

    username: str
    client: httpx.Client
    pk: int | None = None

    @property
    def session_key(self) -> str:
        """The key of the visitor's session."""
        key: str = self.client.cookies["sessionid"]
        return key


@dataclass(eq=False)
class Site:
    """One process of the site."""

    server: servers.Server
    _clients: list[httpx.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The origin of the site."""
        return self.server.url

    def act(self, action: str, client: httpx.Client | None = None, **arguments: Any) -> Any:
        """Do something from inside this process; see `tests/live/site/urls.py`."""
        client = client or self.client()
        answer = client.post(f"/act/{action}", json=arguments)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def client(self) -> httpx.Client:
        """Return a client without cookies; it is closed with the site."""
        client = httpx.Client(base_url=self.url, timeout=SECONDS, verify=False)
        self._clients.append(client)
        return client

    @cached_property
    def _watcher(self) -> httpx.Client:
        # One connection: Hypercorn keeps three tasks for seconds after each that was closed.
        return self.client()

    def report(self) -> Any:
        """Return what goes on in the process; see `tests/live/site/asgi.py`."""
        return self._watcher.get("/report").json()

    @contextlib.contextmanager
    def slow_query(self) -> Iterator[None]:
        """Have a slow query under way on a socket, and see that it outlasts the block."""
        with self.socket() as socket:
            socket.init()
            socket.subscribe("1", "{ wait }")
            until(lambda: self.running("wait"))
            try:
                yield
                assert self.running("wait"), "the slow query ended before the block"
            finally:
                self._watcher.get("/release")
                until(lambda: not self.running("wait"))

    def queries(self, before: int) -> list[str]:
        """Return the SQL that the process has executed since its report counted `before`."""
        everything: list[str] = self._watcher.get("/queries").json()
        return everything[before:]

    def running(self, name: str) -> int:
        """Return how many of the generators called `name` run."""
        count: int = self._watcher.get("/running").json().get(name, 0)
        return count

    def visitor(self, **fields: Any) -> Visitor:
        """Create a user, and log in."""
        username = new_name("visitor")
        client = self.client()
        created = self.act("create", client, username=username, **fields)
        self.act("enter", client, username=username)
        return Visitor(username, client, created["pk"])

    def post(
        self,
        query: str,
        client: httpx.Client | Visitor | None = None,
        *,
        path: str = "/graphql",
        headers: Mapping[str, str] | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Post an operation as a program does, without `Origin`."""
        if isinstance(client, Visitor):
            client = client.client
        body: dict[str, Any] = {"query": query}
        if variables is not None:
            body["variables"] = dict(variables)
        return (client or self.client()).post(path, json=body, headers=headers)

    def socket(
        self, path: str = "/graphql", visitor: Visitor | None = None, **options: Any
    ) -> clients.WebSocketClient:
        """Open a socket."""
        cookies = visitor.client if visitor else None
        return clients.WebSocketClient.connect(self.server, path=path, cookies=cookies, **options)

    def refused(self, path: str = "/graphql", **options: Any) -> int:
        """See a handshake refused, and return the HTTP status."""
        with pytest.raises(InvalidStatus) as refusal:
            self.socket(path, **options).close()
        return refusal.value.response.status_code

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """See no traceback in the log inside the block."""
        before = len(self.server.log())
        yield
        log = self.server.log()[before:]
        assert "Traceback" not in log, log[max(0, log.index("Traceback") - 500) :][:5000]

    def close(self) -> None:
        """Close the clients."""
        for client in self._clients:
            client.close()


@dataclass
class Sites:
    """The processes of the site, started when they are first asked for; one database for all."""

    folder: Path
    redis: RedisServer
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _sites: dict[str, Site] = field(default_factory=dict)
    _project: projects.Project | None = None

    def get(self, server: str = "uvicorn", layer: str = "pubsub", **settings: Any) -> Site:
        """Return the process with these settings on `server`."""
        env = self._environment(layer, settings)
        key = json.dumps([server, env])
        if key not in self._sites:
            served = self._stack.enter_context(
                servers.serve(self.project, server, application=APPLICATION, env=env)
            )
            self._sites[key] = Site(served)
            self._stack.callback(self._sites[key].close)
        return self._sites[key]

    @contextlib.contextmanager
    def another(
        self,
        server: str = "uvicorn",
        layer: str = "pubsub",
        *,
        arguments: Sequence[str] = (),
        **settings: Any,
    ) -> Iterator[Site]:
        """Start a process of the test's own, with more arguments of the server's command."""
        env = self._environment(layer, settings)
        with servers.serve(
            self.project, server, application=APPLICATION, env=env, arguments=arguments
        ) as served:
            site = Site(served)
            yield site
            site.close()

    def _environment(self, layer: str, settings: Mapping[str, Any]) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "security_site.settings",
            "SITE_ROUTER": ROUTER,
            "SITE_DATABASE": str(self.folder / "db.sqlite3"),
            "SITE_LAYER": layer,
            "SITE_REDIS": self.redis.url,
            "SITE_SETTINGS": json.dumps(settings),
        }

    @property
    def project(self) -> projects.Project:
        """The project that every process runs."""
        if self._project is None:
            project = projects.build(
                self.folder / "project", "settings", "security", "clients", "strawberry_consumers"
            )
            source = Path(__file__).with_name("site")
            shutil.copytree(
                source,
                project.path / "security_site",
                ignore=shutil.ignore_patterns("__pycache__"),
            )
            project.manage("migrate", env=self._environment("memory", {}))
            self._project = project
        return self._project

    def close(self) -> None:
        """Stop every process."""
        self._stack.close()


def new_name(prefix: str) -> str:
    """Return a name that nothing else in this run has."""
    return f"{prefix}-{os.getpid()}-{next(_numbers)}"


def next_server(name: str) -> str:
    """Return another server than `name`."""
    names = servers.SERVERS
    return names[(names.index(name) + 1) % len(names)]
