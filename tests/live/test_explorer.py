"""Who gets in: the explorer, GET queries, and the headers of each answer."""

from __future__ import annotations

import re

import pytest

from tests.live.promises import expected, promise
from tests.live.sites import Site, Sites

HTML = {"Accept": "text/html"}

explorer = promise(
    "The explorer is on in production, or runs scripts of another host",
    does="on with `DEBUG` and off without, unless asked for; its assets are served by the project",
    setting="`graphql_ide`",
)
headers = promise(
    "Answers lack the headers of Django's security middleware",
    does="each answer has them, the explorer's and the errors' too",
    setting="`SECURE_*`",
)


@explorer
@expected("explorer-off", "With `DEBUG = False` the explorer is off")
def test_the_explorer_is_off_without_debug(uvicorn: Site) -> None:
    answer = uvicorn.client().get("/graphql", headers=HTML)
    assert answer.status_code in {400, 404}
    assert "<html" not in answer.text


@explorer
@expected("explorer-own", "The explorer loads nothing from another host")
def test_the_explorer_is_on_with_debug_and_where_it_is_asked_for(
    sites: Sites, uvicorn: Site
) -> None:
    for site, path in ((sites.get(DEBUG=True), "/graphql"), (uvicorn, "/explorer")):
        answer = site.client().get(path, headers=HTML)
        assert answer.status_code == 200
        assert "<html" in answer.text
        assert "script-src" in answer.headers["Content-Security-Policy"]
        sources = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
        assert sources
        assert not [source for source in sources if re.match(r"(https?:)?//", source)]


@headers
@pytest.mark.parametrize("host", ["127.0.0.1", "foreign.example"])
@expected("security-headers", "Answers carry the headers of Django's `SecurityMiddleware`")
def test_each_answer_has_the_security_headers(uvicorn: Site, host: str) -> None:
    answers = [
        uvicorn.post("{ ping }", headers={"Host": host}),
        uvicorn.post("{", headers={"Host": host}),
        uvicorn.client().get("/explorer", headers={**HTML, "Host": host}),
        uvicorn.client().put("/graphql", headers={"Host": host}),
    ]
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
