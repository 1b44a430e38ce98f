"""Who may enter: hosts and origins, by Django's own settings."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from strawberry_django.realtime.auth.entry import (
    cross_site_refusal,
    handshake_refusal,
    host_refusal,
    origin_allowed,
)
from strawberry_django.realtime.conf import resolve_options
from strawberry_django.realtime.http.endpoint import body_limit
from strawberry_django.realtime.request import GraphQLRequest
from tests.support import http_scope
from tests.support_websocket import websocket_scope

COOKIE = "sessionid=something"
REFUSAL = "This request comes from another site and carries a session."


def request(method: str = "POST", scheme: str = "http", **headers: str) -> GraphQLRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return GraphQLRequest(http_scope(method, headers=named, scheme=scheme), BytesIO())


@pytest.mark.parametrize("host", ["testserver", "testserver:8000", "127.0.0.1", "TESTSERVER"])
def test_a_host_of_allowed_hosts_is_let_in(host: str) -> None:
    assert host_refusal(request(host=host)) is None


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "a b", "testserver.evil"])
def test_another_host_is_refused_and_named(host: str) -> None:
    refusal = host_refusal(request(host=host))
    assert refusal is not None
    assert refusal.startswith(f"Invalid HTTP_HOST header: {host!r}.")


def test_the_host_of_a_proxy_counts_where_the_project_says_so(settings: Any) -> None:
    forwarded = request(host="testserver", x_forwarded_host="evil.example")
    assert host_refusal(forwarded) is None
    settings.USE_X_FORWARDED_HOST = True
    assert host_refusal(forwarded) is not None


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://testserver", True),
        ("http://testserver:8000", True),
        ("https://testserver", True),
        ("HTTP://TESTSERVER", True),
        ("http://localhost:3000", True),
        ("http://app.example.com", True),
        ("https://example.com", True),
        ("http://evil.example", False),
        ("http://testserver.evil.example", False),
        ("http://eviltestserver", False),
        ("http://sub.testserver", False),
        ("null", False),
        ("", False),
        ("testserver", False),
        ("http://", False),
        ("http://[", False),
        ("http://testserver@evil.example", False),
        ("file://", False),
        (None, False),
    ],
)
def test_an_origin_is_let_in_by_its_host(settings: Any, origin: str | None, allowed: bool) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "localhost", ".example.com"]
    assert origin_allowed(origin, resolve_options({})) is allowed


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", None])
def test_a_star_in_allowed_hosts_lets_everything_in(settings: Any, origin: str | None) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert origin_allowed(origin, resolve_options({})) is True


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app.trusted.example", True),
        ("https://a.b.trusted.example", True),
        ("https://trusted.example", True),
        ("https://app.trusted.example:443", True),
        ("http://app.trusted.example", False),
        ("https://app.trusted.example:8443", False),
        ("https://exact.example", True),
        ("https://sub.exact.example", False),
        ("http://exact.example", False),
        ("https://evil.example:99999999", False),
        ("https://exact.example:99999999", False),
        ("https://exact.example:port", False),
    ],
)
def test_csrf_trusted_origins_are_let_in_with_their_scheme_and_port(
    settings: Any, origin: str, allowed: bool
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.trusted.example", "https://exact.example"]
    assert origin_allowed(origin, resolve_options({})) is allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app.example", True),
        ("https://app.example:8443", False),
        ("http://app.example", False),
        ("http://dev.example:3000", True),
        ("http://dev.example", False),
        ("https://evil.example", False),
        ("null", False),
    ],
)
def test_allowed_origins_are_let_in_beside(origin: str, allowed: bool) -> None:
    options = resolve_options(
        {"allowed_origins": ["https://app.example", "http://dev.example:3000"]}
    )
    assert origin_allowed(origin, options) is allowed
    assert origin_allowed("http://testserver", options) is True


def test_a_client_that_is_no_browser_needs_the_option() -> None:
    options = resolve_options({"allow_missing_origin": True})
    assert origin_allowed(None, options) is True
    assert origin_allowed("http://evil.example", options) is False
    assert origin_allowed("null", options) is False


@pytest.mark.parametrize(
    ("debug", "origin", "allowed"),
    [
        (True, "http://localhost:8000", True),
        (True, "http://127.0.0.1:8000", True),
        (True, "http://[::1]:8000", True),
        (True, "http://evil.example", False),
        (False, "http://localhost:8000", False),
    ],
)
def test_without_allowed_hosts_only_this_machine_is_let_in_and_only_with_debug(
    settings: Any, debug: bool, origin: str, allowed: bool
) -> None:
    settings.ALLOWED_HOSTS = []
    settings.DEBUG = debug
    assert origin_allowed(origin, resolve_options({})) is allowed


def judge(request: GraphQLRequest, origin: str) -> bool:
    return origin == "http://trusted.example"


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({"origin": "http://trusted.example"}, None, ""),
        ({"origin": "http://testserver"}, 403, "The origin 'http://testserver' is not in ALLOWED"),
        ({"origin": "null"}, 403, "The origin 'null' is not in ALLOWED_HOSTS"),
        ({"origin": "http://["}, 403, "The origin 'http://[' is not in ALLOWED_HOSTS"),
        ({"origin": ""}, 403, "The origin '' is not in ALLOWED_HOSTS"),
        ({"origin": None}, 403, "The handshake has no Origin header."),
        ({"host": "evil.example"}, 400, "Invalid HTTP_HOST header: 'evil.example'."),
        ({"host": "evil.example", "origin": None}, 400, "Invalid HTTP_HOST header"),
    ],
)
def test_a_handshake_is_refused_with_a_status_and_a_reason(
    headers: dict[str, Any], status: int | None, reason: str
) -> None:
    request = GraphQLRequest.from_handshake(websocket_scope(**headers))
    refusal = handshake_refusal(request, resolve_options({}), judge)
    if status is None:
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal[0] == status
        assert refusal[1].startswith(reason)


def test_a_handshake_without_origin_is_the_options_matter_and_not_the_judges() -> None:
    request = GraphQLRequest.from_handshake(websocket_scope(origin=None))
    refusal = handshake_refusal(request, resolve_options({}), judge)
    assert refusal is not None
    assert "allow_missing_origin=True" in refusal[1]
    options = resolve_options({"allow_missing_origin": True})
    assert handshake_refusal(request, options, judge) is None


CROSS_SITE = [
    # Origin decides where there is one.
    ({"origin": "http://testserver"}, True),
    ({"origin": "http://testserver", "sec_fetch_site": "cross-site"}, True),
    ({"origin": "http://testserver:8000"}, False),
    ({"origin": "https://testserver"}, False),
    ({"origin": "http://sub.testserver"}, False),
    ({"origin": "http://evil.example"}, False),
    ({"origin": "null"}, False),
    ({"origin": ""}, False),
    ({"origin": "http://["}, False),
    ({"origin": "http://evil.example", "referer": "http://testserver/"}, False),
    ({"origin": "https://app.trusted.example"}, True),
    ({"origin": "https://trusted.example.evil.example"}, False),
    # Then the Referer.
    ({"referer": "http://testserver/some/page?a=1"}, True),
    ({"referer": "https://app.trusted.example/page"}, True),
    ({"referer": "http://evil.example/"}, False),
    ({"referer": "http://evil.example/http://testserver/"}, False),
    ({"referer": "http://testserver.evil.example/"}, False),
    ({"referer": "http://["}, False),
    ({"referer": "nonsense"}, False),
    ({"referer": ""}, False),
    # Then what the browser says.
    ({"sec_fetch_site": "same-origin"}, True),
    ({"sec_fetch_site": "none"}, True),
    ({"sec_fetch_site": "same-site"}, False),
    ({"sec_fetch_site": "cross-site"}, False),
    ({}, True),
]


@pytest.mark.parametrize(("headers", "allowed"), CROSS_SITE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_with_a_session_from_another_site_is_refused(
    settings: Any, method: str, headers: dict[str, str], allowed: bool
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.trusted.example"]
    refusal = cross_site_refusal(request(method, cookie=COOKIE, **headers))
    assert (refusal is None) is allowed
    if refusal is not None:
        assert refusal.startswith(REFUSAL)
        assert "CSRF_TRUSTED_ORIGINS" in refusal


@pytest.mark.parametrize(("headers", "_"), CROSS_SITE)
def test_a_request_without_a_session_is_not_asked(headers: dict[str, str], _: bool) -> None:
    assert cross_site_refusal(request(**headers)) is None
    assert cross_site_refusal(request(cookie="theme=dark", **headers)) is None


def test_the_session_cookie_is_the_one_of_the_settings(settings: Any) -> None:
    settings.SESSION_COOKIE_NAME = "other"
    evil = "http://evil.example"
    assert cross_site_refusal(request(cookie=COOKIE, origin=evil)) is None
    assert cross_site_refusal(request(cookie="other=1", origin=evil)) is not None


def test_the_scheme_is_part_of_the_site() -> None:
    secure = request(scheme="https", cookie=COOKIE, origin="http://testserver")
    assert cross_site_refusal(secure) is not None
    same = request(scheme="https", cookie=COOKIE, origin="https://testserver")
    assert cross_site_refusal(same) is None


@pytest.mark.parametrize(
    ("content_type", "uploads", "limit"),
    [
        (b"application/json", False, 2_621_440),
        (b"application/json", True, 2_621_440),
        (b"multipart/form-data; boundary=x", False, 2_621_440),
        (b"Multipart/Form-Data; boundary=x", True, None),
        (None, True, 2_621_440),
    ],
)
def test_the_body_limit_is_djangos_except_for_uploads(
    content_type: bytes | None, uploads: bool, limit: int | None
) -> None:
    headers = [] if content_type is None else [(b"content-type", content_type)]
    options = resolve_options({"multipart_uploads_enabled": uploads})
    assert body_limit(headers, options) == limit


@pytest.mark.parametrize("limit", [None, 10])
def test_the_body_limit_is_the_setting(settings: Any, limit: int | None) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = limit
    assert body_limit([], resolve_options({})) == limit
