"""What a query over HTTP costs: the router, with `django_middleware`, and Strawberry's own view.

``python -m benchmarks django_middleware`` measures three endpoints of one Uvicorn process in turn,
as a user who is logged in and as nobody, and writes ``docs/data/django_middleware.json``: the
server's processor time for a request (`/proc/PID/stat`), and what each round says of the ratio to
the router without the option.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from benchmarks.measuring import cpu_seconds, ratios
from tools.harness import clients
from tools.harness.projects import Project, build
from tools.harness.servers import Server, serve
from tools.proof import records

ROUNDS, REQUESTS = 9, 300
PEER = "graphql"
ENDPOINTS = (PEER, "inside", "view")
USER = {"username": "ada", "password": "analytical-engine"}

SCHEMA = """
import strawberry


@strawberry.type
class Query:
    @strawberry.field
    async def me(self, info: strawberry.Info) -> str:
        request = info.context["request"]
        user = await request.auser()
        return user.get_username()


schema = strawberry.Schema(query=Query)
"""
ASGI = """
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from myproject.schema import schema
from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

inside = AuthGraphQLProtocolTypeRouter(
    schema, django_application, url_pattern="^inside", django_middleware=True
)
application = AuthGraphQLProtocolTypeRouter(schema, inside)
"""
URLS = """
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from strawberry.django.views import AsyncGraphQLView

from myproject.schema import schema

urlpatterns += [path("view", csrf_exempt(AsyncGraphQLView.as_view(schema=schema)))]
"""
SETTINGS = """
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
LOGGING = {"version": 1, "loggers": {"uvicorn.access": {"level": "WARNING"}}}
"""


def lay_out(folder: Path) -> Project:
    """Build the project with the three endpoints."""
    project = build(folder, "settings", "asgi_routing")
    package = folder / "myproject"
    (package / "schema.py").write_text(SCHEMA, encoding="utf-8")
    (package / "asgi.py").write_text(ASGI, encoding="utf-8")
    for name, more in (("urls.py", URLS), ("settings.py", SETTINGS)):
        with (package / name).open("a", encoding="utf-8") as file:
            file.write(more)
    project.manage("migrate")
    project.create_user(**USER)
    return project


def ask(client: httpx.Client, endpoint: str, name: str) -> None:
    """Ask once.

    Raises:
        RuntimeError: the answer is not the right one.
    """
    answer = client.post(f"/{endpoint}", json={"query": "{ me }"})
    if answer.status_code != 200 or answer.json() != {"data": {"me": name}}:
        raise RuntimeError(f"/{endpoint} answered {answer.status_code}: {answer.text[:300]}")


def measure(
    server: Server, client: httpx.Client, name: str, rounds: int, requests: int
) -> dict[str, list[float]]:
    """Return the milliseconds of a request at each endpoint, one for each round."""
    found: dict[str, list[float]] = {endpoint: [] for endpoint in ENDPOINTS}
    for endpoint in ENDPOINTS:
        for _ in range(20):
            ask(client, endpoint, name)
    for number in range(rounds):
        for endpoint in ENDPOINTS if number % 2 else reversed(ENDPOINTS):
            before = cpu_seconds(server)
            for _ in range(requests):
                ask(client, endpoint, name)
            found[endpoint].append((cpu_seconds(server) - before) / requests * 1000)
    return found


def summary(found: Mapping[str, list[float]]) -> dict[str, Any]:
    """Return the median of each endpoint, and of its ratio to the peer with the extremes."""
    made = {}
    for endpoint, times in found.items():
        made[endpoint] = {
            "milliseconds": round(statistics.median(times), 2),
            "ratio": ratios(times, found[PEER]),
        }
    return made


def main(*, look: bool = False) -> None:
    """Measure and record; or only look, with a few requests whose figures mean nothing."""
    rounds, requests = (1, 10) if look else (ROUNDS, REQUESTS)
    made: dict[str, Any] = {"rounds": rounds, "requests": requests}
    with tempfile.TemporaryDirectory() as folder:
        project = lay_out(Path(folder) / "project")
        with serve(project, "uvicorn") as server:
            nobody = httpx.Client(base_url=server.url)
            with nobody, clients.login(server, **USER) as ada:
                for who, client, name in (("user", ada, "ada"), ("nobody", nobody, "")):
                    print(f"{rounds} rounds of {requests} requests by {who}", flush=True)
                    made[who] = summary(measure(server, client, name, rounds, requests))
                    print(json.dumps(made[who], indent=1))
    if not look:
        records.write("django_middleware", made)
