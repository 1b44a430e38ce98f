"""Who gets in: requests over HTTP that another site makes with the visitor's session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from tests.browser import chromium
from tests.live.promises import expected, promise
from tests.live.sites import Site, Sites, Visitor, new_name

FOREIGN = "https://foreign.example"
TRUSTED = "https://trusted.example"

forged = promise(
    "Another site makes the visitor's browser send a mutation, a GET or an upload",
    does="403 when a request that carries the session comes from elsewhere, by `Origin`, "
    "`Referer` or `Sec-Fetch-Site`; nothing is executed",
    setting="`CSRF_TRUSTED_ORIGINS`",
)
programs = promise(
    "A program without a cookie is hindered by rules for browsers",
    does="not asked: a request without the session cookie has nothing to steal",
)
cors = promise(
    "The project lets pages of another site read answers, and the endpoint does not know",
    does="no CORS header of ours: the project's own middleware decides",
    setting="`MIDDLEWARE`, with `django_middleware`",
)

FROM_ELSEWHERE: dict[str, dict[str, str]] = {
    "origin": {"Origin": FOREIGN},
    "null": {"Origin": "null"},
    "http on https": {"Origin": "http://trusted.example"},
    "referer": {"Referer": f"{FOREIGN}/page"},
    "no referer's URL": {"Referer": "http://["},
    "fetch metadata": {"Sec-Fetch-Site": "cross-site"},
    "a sibling site": {"Sec-Fetch-Site": "same-site"},
}
FROM_HERE: dict[str, dict[str, str]] = {
    "a trusted origin": {"Origin": TRUSTED},
    "a trusted subdomain": {"Origin": "https://deep.wide.example"},
    "a trusted referer": {"Referer": f"{TRUSTED}/page"},
    "fetch metadata": {"Sec-Fetch-Site": "same-origin"},
    "a program with a cookie": {},
}


def touch(name: str) -> str:
    return f'mutation {{ touch(name: "{name}") }}'


@forged
@pytest.mark.parametrize("how", FROM_ELSEWHERE)
@pytest.mark.parametrize("path", ["/graphql", "/inside"])
@expected("cross-site", "A request that another site makes with the session cookie is a 403")
def test_a_forged_mutation_is_refused_and_not_executed(uvicorn: Site, how: str, path: str) -> None:
    visitor, name = uvicorn.visitor(), new_name("touch")
    answer = uvicorn.post(touch(name), visitor, path=path, headers=FROM_ELSEWHERE[how])
    assert answer.status_code == 403
    assert "CSRF_TRUSTED_ORIGINS" in answer.text
    assert name not in uvicorn.report()["resolved"]


@forged
def test_a_forged_get_is_refused(uvicorn: Site) -> None:
    visitor = uvicorn.visitor()
    answer = visitor.client.get("/graphql?query={me}", headers={"Origin": FOREIGN})
    assert answer.status_code == 403


@forged
def test_a_forged_upload_is_refused(uvicorn: Site) -> None:
    """A form of another site can send this without asking first."""
    visitor, name = uvicorn.visitor(), new_name("touch")
    form = {
        "operations": f'{{"query": "mutation {{ touch(name: \\"{name}\\") }}"}}',
        "map": "{}",
    }
    files = {"0": ("a.txt", b"text")}
    headers = {"Origin": FOREIGN}
    answer = visitor.client.post("/uploads", data=form, files=files, headers=headers)
    assert answer.status_code == 403
    assert name not in uvicorn.report()["resolved"]


@pytest.mark.parametrize("how", FROM_HERE)
@pytest.mark.parametrize("path", ["/graphql", "/inside"])
def test_our_own_requests_pass(uvicorn: Site, how: str, path: str) -> None:
    visitor = uvicorn.visitor()
    answer = uvicorn.post("{ me }", visitor, path=path, headers=FROM_HERE[how])
    assert answer.json() == {"data": {"me": visitor.username}}
    own = uvicorn.post("{ me }", visitor, path=path, headers={"Origin": uvicorn.url})
    assert own.json() == {"data": {"me": visitor.username}}


@programs
@pytest.mark.parametrize("how", FROM_ELSEWHERE)
def test_a_program_without_a_cookie_is_not_asked(uvicorn: Site, how: str) -> None:
    assert uvicorn.post("{ ping }", headers=FROM_ELSEWHERE[how]).status_code == 200


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>another site</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def another_site() -> Iterator[str]:
    """Serve an empty page at another origin, and give that."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def visited(url: str, visitor: Visitor) -> Iterator[Page]:
    """Look at a page with a browser that has the visitor's cookie."""
    with chromium() as browser:
        context = browser.new_context()
        context.add_cookies(
            [{"name": "sessionid", "value": visitor.session_key, "url": url, "sameSite": "Lax"}]
        )
        page = context.new_page()
        page.goto(url)
        yield page


FETCH = """async ([url, options]) => {
  try {
    const answer = await fetch(url, {credentials: "include", method: "POST", ...options});
    return [answer.type, answer.status, await answer.text()];
  } catch (error) { return error.name; }
}"""
JSON_HEADERS = {"Content-Type": "application/json"}


@forged
def test_a_browser_on_another_site_executes_and_reads_nothing(uvicorn: Site) -> None:
    visitor, name = uvicorn.visitor(), new_name("touch")
    body = json.dumps({"query": touch(name)})
    url = f"{uvicorn.url}/graphql"
    get = f"{url}?" + urlencode({"query": f'{{ touch(name: "{name}") }}'})
    with another_site() as other, visited(other, visitor) as page:
        simple = [url, {"mode": "no-cors", "body": body}]
        assert page.evaluate(FETCH, simple) == ["opaque", 0, ""]
        assert page.evaluate(FETCH, [url, {"body": body}]) == "TypeError"
        assert page.evaluate(FETCH, [url, {"body": body, "headers": JSON_HEADERS}]) == "TypeError"
        assert page.evaluate(FETCH, [get, {"method": "GET"}]) == "TypeError"
        assert page.evaluate(FETCH, [get, {"method": "GET", "mode": "no-cors"}]) == [
            *("opaque", 0, "")
        ]
    assert name not in uvicorn.report()["resolved"]


@cors
def test_the_projects_own_middleware_lets_a_page_of_another_site_read(sites: Sites) -> None:
    with (
        another_site() as other,
        sites.another(CSRF_TRUSTED_ORIGINS=[other], CORS_ORIGIN=other) as site,
    ):
        visitor = site.visitor()
        options = {"body": json.dumps({"query": "{ me }"}), "headers": JSON_HEADERS}
        with visited(other, visitor) as page:
            answer = page.evaluate(FETCH, [f"{site.url}/inside", options])
            assert answer[:2] == ["cors", 200]
            assert json.loads(answer[2]) == {"data": {"me": visitor.username}}
            assert page.evaluate(FETCH, [f"{site.url}/graphql", options]) == "TypeError"
