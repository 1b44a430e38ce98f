"""The section "django-debug-toolbar" of docs/integrations/channels.md, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Response, expect

from tests.browser import chromium
from tests.guide.support import guide_project
from tools.harness import clients, servers

SETTINGS = {"DJANGO_SETTINGS_MODULE": "myproject.settings_toolbar"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    project = guide_project(tmp_path_factory.mktemp("toolbar") / "myproject", "debug_toolbar")
    with servers.serve(project, "runserver", env=SETTINGS) as server:
        yield server


def test_an_answer_tells_the_toolbar_what_it_took(server: servers.Server) -> None:
    answer = clients.graphql(server, "{ me }").json()
    assert answer["data"] == {"me": "Hello, anonymous!"}
    assert {"SQLPanel", "TimerPanel"} <= answer["debugToolbar"]["panels"].keys()


def test_the_toolbar_follows_the_explorer(server: servers.Server) -> None:
    complaints: list[str] = []
    answers: list[Any] = []

    def answered(response: Response) -> None:
        if response.request.method == "POST":
            answers.append(response)

    with chromium() as browser:
        page = browser.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("response", answered)
        page.goto(f"{server.url}/graphql?q={{ me }}")
        toolbar = page.locator("#djDebug")
        expect(toolbar.locator("#djDebugToolbar")).to_be_visible()
        page.get_by_role("button", name="Execute query (Ctrl-Enter)").click()
        expect(page.locator(".result-window")).to_contain_text("Hello, anonymous!")
        assert "debugToolbar" not in page.locator(".result-window").inner_text()
        sent = answers[-1].json()["debugToolbar"]["requestId"]
        expect(toolbar).to_have_attribute("data-request-id", sent)
        for panel in ("TimerPanel", "SQLPanel"):  # They load scripts of their own.
            toolbar.locator(f"#djdt-{panel} a").click()
            content = toolbar.locator(f"#{panel}")
            expect(content).to_be_visible()
            expect(content.locator(".djdt-loader")).to_have_count(0)
    assert complaints == []
