"""The GraphQL explorer, served by the endpoint itself and by no other host.

Imports Django and Strawberry only. The page and its assets share one path: the
page asks for `?explorer-asset=…`, so that it works at any `url_pattern`, with
or without `staticfiles`. `tools/explorer` builds the assets.
"""

from __future__ import annotations

import gzip
import pkgutil
import re
import secrets
from base64 import b64encode
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import urlencode

import django
from django.apps import apps
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseNotFound,
)
from django.template.exceptions import TemplateDoesNotExist
from django.template.loader import get_template, render_to_string
from django.utils.cache import (
    add_never_cache_headers,
    get_conditional_response,
    patch_vary_headers,
)
from django.utils.html import format_html
from django.utils.module_loading import import_string
from strawberry.http.ides import get_graphql_ide_html

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

#: The query parameter that asks for one of the explorer's files.
ASSET_PARAMETER = "explorer-asset"

#: The template by which a project replaces the explorer, as with Strawberry's views.
TEMPLATE = "graphql/graphiql.html"

#: The explorers that are another host's by their nature.
REMOTE = frozenset({"apollo-sandbox", "pathfinder"})

#: What strawberry_django adds to the page for django-debug-toolbar.
_TOOLBAR = "strawberry_django/debug_toolbar.html"

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)

_FOLDER = "static/strawberry_django_realtime/explorer"

_CONTENT_TYPES = {
    "explorer.js": "text/javascript; charset=utf-8",
    "explorer.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "LICENSES.txt": "text/plain; charset=utf-8",
}

_YEAR = 365 * 24 * 60 * 60

_ACCEPTS_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)

_PAGE = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>GraphQL explorer</title>
    <link rel="icon" type="image/svg+xml" href="{icon}">
    <link rel="stylesheet" href="{style}" nonce="{nonce}">
    <script src="{script}" nonce="{nonce}" defer></script>
  </head>
  <body>
    <div id="graphiql"><p class="placeholder">Loading the explorer …</p></div>
    <noscript>The explorer needs JavaScript.</noscript>
  </body>
</html>
"""


@dataclass(frozen=True)
class _Asset:
    content: bytes
    content_type: str

    @cached_property
    def version(self) -> str:
        return sha256(self.content).hexdigest()[:16]

    @cached_property
    def gzipped(self) -> bytes:
        return gzip.compress(self.content, mtime=0)


@cache
def _load(name: str) -> _Asset:
    content = pkgutil.get_data("strawberry_django.realtime", f"{_FOLDER}/{name}")
    assert content is not None
    return _Asset(content, _CONTENT_TYPES[name])


def _asset_url(name: str) -> str:
    """Return the asset's address, relative to the page: the same path, another query."""
    return f"?{urlencode({ASSET_PARAMETER: name, 'v': _load(name).version})}"


def _nonce(request: HttpRequest) -> str:
    """Return the page's nonce, and leave it where other code looks for one.

    It is the nonce of django-csp or of Django's `ContentSecurityPolicyMiddleware` (from 6.0 on)
    where the project has one of them. `request.csp_nonce` is django-csp's name for it.
    """
    given = getattr(request, "csp_nonce", None)
    if given is None and django.VERSION >= (6, 0):
        given = import_string("django.middleware.csp.get_nonce")(request)
    # Both are lazy, and false until somebody has asked for their text.
    nonce = secrets.token_urlsafe(16) if given is None else str(given)
    request.csp_nonce = nonce
    return nonce


def _toolbar_sources() -> tuple[str, str]:
    """Return what else scripts and styles may come from, where django-debug-toolbar is installed.

    Its own script has the nonce, and loads others without. strawberry_django's is in the page.
    """
    if not apps.is_installed("debug_toolbar"):
        return "", ""
    script = _SCRIPT.search(render_to_string(_TOOLBAR))
    digest = b64encode(sha256((script[1] if script else "").encode()).digest()).decode()
    return f" 'self' 'sha256-{digest}'", " 'self'"


def _content_security_policy(request: HttpRequest, nonce: str) -> str:
    """Let the page run its own script and style and talk to its own host.

    `'self'` covers the WebSocket in browsers that follow CSP level 3; the others
    need its address, which cannot be said of an IPv6 host.
    """
    host = request.get_host()
    sockets = "" if host.startswith("[") else f" ws://{host} wss://{host}"
    scripts, styles = _toolbar_sources()
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'{scripts}",
            f"style-src 'nonce-{nonce}'{styles}",
            "img-src 'self' data:",
            f"connect-src 'self'{sockets}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _graphiql(request: HttpRequest) -> HttpResponse:
    nonce = _nonce(request)
    html = format_html(
        _PAGE,
        icon=_asset_url("icon.svg"),
        style=_asset_url("explorer.css"),
        script=_asset_url("explorer.js"),
        nonce=nonce,
    )
    response = HttpResponse(str(html).encode())
    response["Content-Security-Policy"] = _content_security_policy(request, nonce)
    add_never_cache_headers(response)
    return response


def _project_page(request: HttpRequest) -> HttpResponse | None:
    try:
        template = get_template(TEMPLATE)
    except TemplateDoesNotExist:
        return None
    return HttpResponse(template.render(None, request))


def respond(request: HttpRequest, ide: str) -> HttpResponse:
    """Return the explorer's page.

    A template `graphql/graphiql.html` of the project comes first. GraphiQL is
    ours and loads nothing from another host; Apollo Sandbox and Pathfinder are
    Strawberry's pages and load from theirs. Renders templates, so call it where
    synchronous Django code may run.

    Args:
        request: the browser's request for the endpoint.
        ide: `"graphiql"`, `"apollo-sandbox"` or `"pathfinder"`.
    """
    response = _project_page(request)
    if response is None and ide in REMOTE:
        remote = cast('Literal["apollo-sandbox", "pathfinder"]', ide)
        response = HttpResponse(get_graphql_ide_html(graphql_ide=remote).encode())
    if response is None:
        response = _graphiql(request)
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Frame-Options"] = "DENY"
    response["Referrer-Policy"] = "same-origin"
    return response


def asset_response(request: HttpRequest) -> HttpResponseBase:
    """Return the file that `?explorer-asset=` names: 404 for any other, 405 but for GET and HEAD.

    A file may be cached for a year at the address that carries its version, and
    is asked for again at any other.
    """
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    name = request.GET.get(ASSET_PARAMETER, "")
    if name not in _CONTENT_TYPES:
        return HttpResponseNotFound(
            b"The explorer has no such file.", content_type="text/plain; charset=utf-8"
        )
    asset = _load(name)
    etag = f'W/"{asset.version}"'
    response = HttpResponse(asset.content, content_type=asset.content_type)
    if _ACCEPTS_GZIP.search(request.META.get("HTTP_ACCEPT_ENCODING", "")):
        response.content = asset.gzipped
        response["Content-Encoding"] = "gzip"
    response["Content-Length"] = str(len(response.content))
    response["Cache-Control"] = (
        f"private, max-age={_YEAR}, immutable"
        if request.GET.get("v") == asset.version
        else "no-cache"
    )
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    patch_vary_headers(response, ["Accept-Encoding"])
    conditional = get_conditional_response(request, etag=etag, response=response)
    return response if conditional is None else conditional
