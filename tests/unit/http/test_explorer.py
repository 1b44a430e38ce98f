"""The explorer's page and files, as Django answers them."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from django.template.exceptions import TemplateDoesNotExist
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject
from strawberry.http.ides import get_graphql_ide_html

from strawberry_django.realtime.http import explorer
from tools.harness.live import ROOT

if TYPE_CHECKING:
    from django.http import HttpResponse

ASSETS = Path(explorer.__file__).parent.parent / "static/strawberry_django_realtime/explorer"
SERVED = ("explorer.js", "explorer.css", "icon.svg", "LICENSES.txt")

factory = RequestFactory()


def page(ide: str = "graphiql", **headers: str) -> HttpResponse:
    return explorer.respond(factory.get("/graphql", headers=headers), ide)


def asset(name: str, version: str = "", **headers: str) -> Any:
    query = {"explorer-asset": name, "v": version}
    return explorer.asset_response(factory.get("/graphql", query, headers=headers))


def addresses(html: str) -> list[str]:
    return [found.replace("&amp;", "&") for found in re.findall(r'(?:src|href)="([^"]*)"', html)]


def policy(response: HttpResponse) -> dict[str, list[str]]:
    directives = (words.split() for words in response["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in directives}


def template_settings(**templates: str) -> list[dict[str, Any]]:
    sources = {"graphql/graphiql.html": templates.pop("explorer"), **templates}
    return [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [("django.template.loaders.locmem.Loader", sources)],
                "context_processors": ["django.template.context_processors.request"],
            },
        }
    ]


def test_the_page_asks_its_own_path_for_everything_and_for_good() -> None:
    html = page().content.decode()
    assert len(addresses(html)) == 3
    for address in addresses(html):
        assert address.startswith("?explorer-asset=")
        parameters = parse_qs(address[1:])
        answer = asset(parameters["explorer-asset"][0], parameters["v"][0])
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "private, max-age=31536000, immutable"


def test_the_policy_lets_in_only_what_carries_the_nonce_of_this_answer() -> None:
    first, second = page(), page()
    assert policy(first) == {
        "default-src": ["'none'"],
        "script-src": policy(first)["style-src"],
        "style-src": policy(first)["script-src"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", "ws://testserver", "wss://testserver"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    (source,) = policy(first)["script-src"]
    nonce = source.removeprefix("'nonce-").removesuffix("'")
    assert first.content.decode().count(f'nonce="{nonce}"') == 2
    assert len(urlsafe_b64decode(f"{nonce}==")) >= 128 / 8
    assert policy(second)["script-src"] != policy(first)["script-src"]
    assert "no-store" in first["Cache-Control"]


def test_the_nonce_is_that_of_the_projects_own_policy_and_left_for_others() -> None:
    """django-csp's is lazy, as is Django's."""
    request: Any = factory.get("/graphql")
    answer = explorer.respond(request, "graphiql")
    assert policy(answer)["script-src"] == [f"'nonce-{request.csp_nonce}'"]
    request.csp_nonce = SimpleLazyObject(lambda: "given")
    assert policy(explorer.respond(request, "graphiql"))["script-src"] == ["'nonce-given'"]


def test_an_ipv6_host_is_left_to_self(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["[::1]"]
    assert policy(page(host="[::1]:8000"))["connect-src"] == ["'self'"]


@pytest.mark.parametrize("ide", ["graphiql", "apollo-sandbox", "pathfinder"])
def test_every_explorer_carries_the_headers_against_framing_and_sniffing(ide: str) -> None:
    response = page(ide)
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("ide", ["apollo-sandbox", "pathfinder"])
def test_a_remote_explorer_is_strawberrys_page(ide: Any) -> None:
    response = page(ide)
    assert response.content.decode() == get_graphql_ide_html(graphql_ide=ide)
    assert "Content-Security-Policy" not in response


@pytest.mark.parametrize("ide", ["graphiql", "apollo-sandbox"])
def test_the_projects_own_template_comes_first(ide: str, settings: Any) -> None:
    settings.TEMPLATES = template_settings(explorer="ours, at {{ request.path }}")
    response = page(ide)
    assert response.content == b"ours, at /graphql"
    assert "Content-Security-Policy" not in response


def test_a_template_that_includes_a_missing_one_is_not_passed_over(settings: Any) -> None:
    settings.TEMPLATES = template_settings(explorer="{% extends 'missing.html' %}")
    with pytest.raises(TemplateDoesNotExist, match=r"missing\.html"):
        page()


@pytest.mark.parametrize("version", ["", "0" * 16, "another"])
def test_at_any_other_address_a_file_is_asked_for_again(version: str) -> None:
    assert asset("icon.svg", version)["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", SERVED)
def test_a_file_is_served_as_it_is(name: str) -> None:
    response = asset(name)
    assert response.content == (ASSETS / name).read_bytes()
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["", "README.md", "../conf.py", "/etc/passwd", "explorer.js/", "..%2fexplorer.js", "\0"]
)
def test_any_other_name_is_not_found(name: str) -> None:
    assert asset(name).status_code == 404


def test_a_file_is_only_read() -> None:
    response = explorer.asset_response(factory.post("/graphql?explorer-asset=explorer.js"))
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP", "deflate, gzip;q=0.5", "gzip; q=0.1, br"])
def test_a_file_is_compressed_for_who_accepts_it(accepted: str) -> None:
    response = asset("explorer.js", accept_encoding=accepted)
    assert response["Content-Encoding"] == "gzip"
    assert response["Vary"] == "Accept-Encoding"
    assert int(response["Content-Length"]) == len(response.content) < 500_000
    assert gzip.decompress(response.content) == (ASSETS / "explorer.js").read_bytes()


@pytest.mark.parametrize("accepted", ["", "br", "identity, gzip;q=0", "gzip; q=0.000, br"])
def test_a_file_is_not_compressed_for_who_does_not(accepted: str) -> None:
    response = asset("explorer.css", accept_encoding=accepted)
    assert "Content-Encoding" not in response
    assert response["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_a_file_that_the_browser_has_is_not_sent_again(accepted: str) -> None:
    etag = asset("explorer.js", accept_encoding=accepted)["ETag"]
    again = asset("explorer.js", if_none_match=etag, accept_encoding=accepted)
    assert again.status_code == 304
    assert again.content == b""
    assert asset("explorer.js", if_none_match='W/"another"').status_code == 200


def test_the_files_are_what_their_readme_says() -> None:
    readme = (ASSETS / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\S+) \| (\d+) \| `(\w+)` \|$", readme, re.MULTILINE)
    assert {name for name, _, _ in listed} == set(SERVED)
    for name, size, digest in listed:
        content = (ASSETS / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (int(size), digest)
    lock = json.loads((ROOT / "tools/explorer/package-lock.json").read_text(encoding="utf-8"))
    versions = re.findall(r"^\| (\S+) \| (\d\S*\.\d\S*) \|$", readme, re.MULTILINE)
    assert dict(versions) == lock["packages"][""]["dependencies"]
    for name, version in versions:
        assert lock["packages"][f"node_modules/{name}"]["version"] == version


def test_every_package_in_the_explorer_has_its_licence_beside_it() -> None:
    licences = (ASSETS / "LICENSES.txt").read_text(encoding="utf-8")
    named = set(
        re.findall(
            r"^(\S+) \d\S* \((?:MIT|Apache-2\.0|BSD-2-Clause|0BSD)\)$", licences, re.MULTILINE
        )
    )
    assert {"graphiql", "graphql", "graphql-ws", "react", "react-dom", "codemirror"} <= named
    sections = licences.split("=" * 79)[1:]
    assert len(sections) % 2 == 0
    assert all("Copyright" in text or "copyright" in text for text in sections[1::2])
