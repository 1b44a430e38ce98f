"""The explorer in Chromium, on a real server: it works, and nothing leaves the host."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Page, Request, WebSocket, expect

from tests.browser import chromium
from tools.harness.projects import build
from tools.harness.servers import Server, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

ASGI = """\
import os
from django.core.asgi import get_asgi_application
os.environ["DJANGO_SETTINGS_MODULE"] = "myproject.settings"
django_asgi_app = get_asgi_application()
from myproject.schema import schema
from strawberry_django.routers import AuthGraphQLProtocolTypeRouter
application = AuthGraphQLProtocolTypeRouter(schema, django_application=django_asgi_app)
"""

SCHEMA = """\
from collections.abc import AsyncGenerator
import strawberry

@strawberry.type
class Query:
    @strawberry.field(description="Greet. ![image](https://images.example/hello.png)")
    def hello(self, name: str) -> str:
        return f"Hello, {name}!"

@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(1, to + 1):
            yield number

    @strawberry.subscription
    async def sent(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
        yield str(info.context["connection_params"])

schema = strawberry.Schema(query=Query, subscription=Subscription)
"""

BODY_LIMIT = 20_000


@dataclass
class Visit:
    """A page of the browser, and what it asked for and complained about."""

    page: Page
    server: Server
    requests: list[Request] = field(default_factory=list)
    sockets: list[WebSocket] = field(default_factory=list)
    frames: list[Any] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("websocket", self._record)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))

    def _record(self, socket: WebSocket) -> None:
        self.sockets.append(socket)
        socket.on("framereceived", lambda frame: self.frames.append(json.loads(frame)))

    def open(self, query: str) -> None:
        self.page.goto(f"{self.server.url}/graphql?{urlencode({'q': query})}")

    def run(self) -> None:
        self.page.get_by_role("button", name="Execute query (Ctrl-Enter)").click()

    def expect_result(self, text: str) -> None:
        expect(self.page.locator(".result-window")).to_contain_text(text)

    def set_headers(self, headers: dict[str, str]) -> None:
        self.page.get_by_role("button", name="Headers", exact=True).click()
        self.page.get_by_label("Headers").locator(".CodeMirror:visible").click()
        self.page.keyboard.insert_text(json.dumps(headers))

    def wait_until_stored(self, name: str, text: str) -> None:
        self.page.wait_for_function(
            "([name, text]) => localStorage.getItem(`graphiql:${name}`)?.includes(text)",
            arg=[name, text],
        )

    def hosts(self) -> set[str]:
        addresses = [request.url for request in self.requests] + [s.url for s in self.sockets]
        return {urlsplit(url).netloc for url in addresses if not url.startswith("data:")}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    project = build(tmp_path_factory.mktemp("explorer") / "project")
    Path(project.path, "myproject/asgi.py").write_text(ASGI)
    Path(project.path, "myproject/schema.py").write_text(SCHEMA)
    with Path(project.path, "myproject/settings.py").open("a") as settings:
        settings.write(f"\nDATA_UPLOAD_MAX_MEMORY_SIZE = {BODY_LIMIT}\n")
    project.manage("migrate")
    with serve(project) as server:
        yield server


@pytest.fixture
def visit(server: Server) -> Iterator[Visit]:
    with chromium() as browser:
        yield Visit(browser.new_page(), server)


def test_a_query_shows_its_result_and_nothing_leaves_the_host(visit: Visit) -> None:
    visit.open('{ hello(name: "Ada") }')
    visit.run()
    visit.expect_result('"hello": "Hello, Ada!"')
    assert visit.hosts() == {urlsplit(visit.server.url).netloc}
    assert visit.complaints == []


def test_a_subscription_runs_over_a_websocket_on_the_same_url(visit: Visit) -> None:
    visit.open("subscription { count(to: 3) }")
    visit.run()
    visit.expect_result('"count": 3')
    (socket,) = visit.sockets
    assert socket.url == f"{visit.server.ws_url}/graphql"
    events = [frame["payload"] for frame in visit.frames if frame["type"] == "next"]
    assert events == [{"data": {"count": number}} for number in (1, 2, 3)]
    assert visit.hosts() == {urlsplit(visit.server.url).netloc}
    assert visit.complaints == []


def test_an_image_of_another_host_in_a_description_is_not_fetched(visit: Visit) -> None:
    visit.open("{ __typename }")
    visit.page.get_by_role("button", name="Show Documentation Explorer").click()
    visit.page.get_by_role("link", name="Query", exact=True).click()
    with visit.page.expect_event("requestfailed") as failed:
        visit.page.get_by_role("link", name="hello", exact=True).click()
    assert failed.value.url == "https://images.example/hello.png"
    assert failed.value.failure == "csp"


def test_headers_go_with_the_operation_and_are_never_stored(visit: Visit) -> None:
    visit.open('{ hello(name: "Ada") }')
    visit.set_headers({"X-Token": "open sesame"})
    visit.page.get_by_label("Query Editor").locator(".CodeMirror").click()
    visit.page.keyboard.insert_text(" # edited")
    visit.wait_until_stored("tabState", "edited")
    visit.run()
    visit.expect_result("Hello, Ada!")
    assert visit.requests[-1].headers["x-token"] == "open sesame"
    visit.wait_until_stored("queries", "edited")
    assert "sesame" not in visit.page.evaluate("JSON.stringify(localStorage)")


def test_headers_are_the_connection_params_of_a_subscription(visit: Visit) -> None:
    visit.open("subscription { sent }")
    visit.set_headers({"X-Token": "open sesame"})
    visit.run()
    visit.expect_result("{'X-Token': 'open sesame'}")
