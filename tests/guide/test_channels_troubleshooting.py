"""The section "Troubleshooting" of docs/integrations/channels.md.

Each line is made to happen in the guide's project, and the check that it names finds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from websockets.exceptions import InvalidStatus

from strawberry_django.realtime.checks import catalogue
from tests.guide.support import ask_over_websocket, guide_project, login, read
from tools.harness import clients, live, projects, servers

PAGE = "docs/integrations/channels.md"
ME = read("resolver_user/requests/me.graphql")

Break = Callable[[projects.Project], None]


def edit(name: str, *changes: tuple[str, str]) -> Break:
    """Return what replaces text in a file of the project."""

    def apply(project: projects.Project) -> None:
        path = project.path / "myproject" / name
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, f"{name} has no {old!r}"
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    return apply


def add(line: str) -> Break:
    """Return what adds a line to the settings."""

    def apply(project: projects.Project) -> None:
        with (project.path / "myproject/settings.py").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    return apply


def replace_by(name: str, text: str) -> Break:
    """Return what writes a file of the project anew."""

    def apply(project: projects.Project) -> None:
        (project.path / "myproject" / name).write_text(text, encoding="utf-8")

    return apply


SETTINGS, ASGI = "settings.py", "asgi.py"
IMPORT_SCHEMA = "from myproject.schema import schema\n"
SCHEMA_FIRST = edit(ASGI, (IMPORT_SCHEMA, ""), ("import os\n", f"import os\n{IMPORT_SCHEMA}"))
MODEL = edit(
    "schema.py", ("import strawberry\n", "import django.contrib.auth.models\nimport strawberry\n")
)
PEER_ROUTER = edit(
    ASGI,
    ("strawberry_django.routers", "strawberry.channels"),
    ("AuthGraphQLProtocolTypeRouter", "GraphQLProtocolTypeRouter"),
)
PEER_CONSUMERS = edit(
    ASGI,
    (
        "from strawberry_django.realtime import GraphQLHTTPConsumer, GraphQLWSConsumer",
        "from strawberry.channels import GraphQLHTTPConsumer, GraphQLWSConsumer",
    ),
)
LISTENS = """
from collections.abc import AsyncIterator

import strawberry
from strawberry.types import Info


@strawberry.type
class Query:
    ping: str = "pong"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def heard(self, info: Info) -> AsyncIterator[str]:
        async with info.context.request.consumer.listen_to_channel("said") as messages:
            async for message in messages:
                yield message["text"]


schema = strawberry.Schema(query=Query, subscription=Subscription)
"""
LOGGING = """
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"named": {"format": "{name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "named"}},
    "root": {"handlers": ["console"]},
}
"""
IN_MEMORY = '{"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}'

FAULTS: dict[str, tuple[Break, ...]] = {
    "E001": (edit(SETTINGS, ('ASGI_APPLICATION = "myproject.asgi.application"\n', "")),),
    "E002": (edit(SETTINGS, ('"myproject.asgi.application"', '"myproject.asgi.app"')),),
    "E003": (replace_by(ASGI, read("project/myproject/asgi.py")),),
    "E004": (SCHEMA_FIRST, MODEL),
    "W002": (SCHEMA_FIRST,),
    "E005": (
        edit(
            SETTINGS,
            ('    "daphne",\n', ""),
            ('    "channels",\n', '    "channels",\n    "daphne",\n'),
        ),
    ),
    "W001": (edit(SETTINGS, ('    "daphne",\n', "")),),
    "E006": (replace_by("schema.py", LISTENS),),
    "W009": (
        add(f"DEBUG = False; ALLOWED_HOSTS = ['www.example.com']; CHANNEL_LAYERS = {IN_MEMORY}"),
    ),
    "W003": (PEER_ROUTER,),
    "W005": (PEER_CONSUMERS,),
    "W008": (add('SESSION_COOKIE_PATH = "/accounts/"'),),
    "W007": (
        edit(SETTINGS, ('    "django.contrib.sessions.middleware.SessionMiddleware",\n', "")),
    ),
    "E009": (add("DEBUG = False"),),
    "W012": (add('ALLOWED_HOSTS = ["https://www.example.com"]'),),
    "W006": (edit(ASGI, ('url_pattern="^api/graphql"', 'url_pattern="^/api/graphql"')),),
}
#: Faults that have nothing to do with each other share a project, and so a process.
TOGETHER = (
    *("E001 W001", "E002 E005", "E003 E009", "E004 W012", "W002 W008"),
    *("E006 W007", "W003 W009", "W005", "W006"),
)
SUBJECTS = {"W005": "custom_routing", "W006": "custom_url_pattern"}


@pytest.mark.parametrize("together", TOGETHER)
def test_the_checks_find_the_faults_and_say_what_mends_them(tmp_path: Path, together: str) -> None:
    numbers = together.split()
    more = [SUBJECTS[number] for number in numbers if number in SUBJECTS]
    subjects = ("settings", "asgi_routing", "resolver_user", *more)
    project = projects.build(tmp_path / "myproject", *subjects)
    for number in numbers:
        for each in FAULTS[number]:
            each(project)
    report = project.python("manage.py", "check")
    assert report.returncode == ("E" in together), report.stderr
    found = re.findall(rf"\({catalogue.APP_LABEL}\.([EW]\d{{3}})\)", report.stderr)
    assert sorted(found) == sorted(numbers), report.stderr
    for fault in catalogue.CATALOGUE:
        if fault.number in numbers:
            assert f"HINT: {fault.fix}" in report.stderr
            assert f"Guide: {fault.docs}" in report.stderr


def test_every_check_that_the_page_names_is_made_to_happen() -> None:
    page = (live.ROOT / PAGE).read_text(encoding="utf-8")
    section = page.partition("### Subscriptions not working")[2]
    named = re.findall(r"\[([EW]\d{3})\]\(\.\./reference/checks\.md#([ew]\d{3})\)", section)
    assert all(number.lower() == anchor for number, anchor in named)
    assert {number for number, _ in named} == {*FAULTS} == {*" ".join(TOGETHER).split()}


def test_the_shown_output_is_that_of_the_check() -> None:
    shown = read("settings/recorded/check.txt")
    assert "(strawberry_django_realtime.E005)" in shown
    assert '"daphne",' in shown
    assert read("settings/shell/check.sh") == "python manage.py check\n"


def test_a_cookie_of_another_path_does_not_reach_graphql(tmp_path: Path) -> None:
    project = guide_project(tmp_path / "myproject")
    add('SESSION_COOKIE_PATH = "/accounts/"')(project)
    with servers.serve(project) as server, login(server) as ada:
        assert clients.graphql(ada, ME).json() == {"data": {"me": "Hello, anonymous!"}}


def test_without_the_middleware_nobody_can_log_in(tmp_path: Path) -> None:
    project = guide_project(tmp_path / "myproject")
    session = '    "django.contrib.sessions.middleware.SessionMiddleware",\n'
    edit(SETTINGS, (session, ""))(project)
    add('SILENCED_SYSTEM_CHECKS = ["admin.E410"]')(project)
    with servers.serve(project) as server:
        with pytest.raises(Exception, match="500"):
            login(server)
        assert ask_over_websocket(server, ME) == {"data": {"me": "Hello, anonymous!"}}


def test_each_refusal_is_one_line_with_its_reason(tmp_path: Path) -> None:
    project = guide_project(tmp_path / "myproject")
    add(LOGGING)(project)
    with servers.serve(project) as server:
        statuses = []
        for path, origin in (("/graphql", "https://foreign.example"), ("/elsewhere", server.url)):
            with pytest.raises(InvalidStatus) as refused:
                clients.WebSocketClient.connect(server, path=path, origin=origin)
            statuses.append(refused.value.response.status_code)
        reasons = re.findall(
            r"^strawberry_django\.realtime: WebSocket (\S+) refused \((\d+)\): .",
            server.log(),
            re.MULTILINE,
        )
    assert reasons == [("/graphql", "403"), ("/elsewhere", "404")]
    assert statuses == [403, 404]


CONNECT = """url => new Promise(resolve => {
  const socket = new WebSocket(url, "graphql-transport-ws");
  socket.onopen = () => resolve("open");
  socket.onerror = () => resolve("error");
})"""
FETCH = """url => fetch(url, {
  method: "POST",
  headers: {"Content-Type": "application/json"},
  body: JSON.stringify({query: "{ __typename }"}),
}).then(() => "answered", () => "blocked")"""


def test_the_browsers_console_says_that_it_is_refused(tmp_path: Path, browser: Browser) -> None:
    project = projects.build(tmp_path / "myproject", "settings", "asgi_routing")
    console: list[str] = []
    with servers.serve(project) as server, browser.new_page() as page:
        page.on("console", lambda message: console.append(message.text))
        graphql, websocket = f"{server.url}/graphql", f"{server.ws_url}/graphql"
        page.goto("data:text/html,a page of another site")
        assert page.evaluate(CONNECT, websocket) == "error"
        assert page.evaluate(FETCH, graphql) == "blocked"
        assert f"WebSocket connection to '{websocket}' failed" in "\n".join(console)
        assert "has been blocked by CORS policy" in "\n".join(console)
        page.goto(f"{server.url}/static/admin/css/base.css")
        assert page.evaluate(CONNECT, websocket) == "open"
        assert page.evaluate(FETCH, graphql) == "answered"
