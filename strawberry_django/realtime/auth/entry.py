"""Who may enter: hosts and origins, by Django's own settings.

Imports `request` and the ground modules only. A `…_refusal` answers with
the reason to refuse a request, or `None`.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse, urlsplit

from channels.security.websocket import OriginValidator
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.middleware.csrf import CsrfViewMiddleware

from .._upstream.frameworks import origin_verified
from ..request import no_view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.http import HttpRequest

    from ..conf import RealtimeOptions

#: Channels' own default for `DEBUG` without `ALLOWED_HOSTS`.
_DEBUG_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def host_refusal(request: HttpRequest) -> str | None:
    """Refuse a request whose `Host` is not in `ALLOWED_HOSTS`.

    Source: Django's `HttpRequest.get_host()`, with `USE_X_FORWARDED_HOST`.
    """
    try:
        request.get_host()
    except DisallowedHost as error:
        return str(error)
    return None


def _trusted_patterns() -> list[str]:
    """Return `CSRF_TRUSTED_ORIGINS` as Channels writes patterns (`https://.example.com`)."""
    return [origin.replace("://*", "://") for origin in settings.CSRF_TRUSTED_ORIGINS]


def _allowed_hosts() -> Sequence[str]:
    hosts: Sequence[str] = settings.ALLOWED_HOSTS
    return hosts or (_DEBUG_HOSTS if settings.DEBUG else ())


def origin_allowed(origin: str | None, options: RealtimeOptions) -> bool:
    """Tell whether a page of `origin` may open a WebSocket here.

    It may if its host is in `ALLOWED_HOSTS` (with any scheme and port, as
    Channels' `AllowedHostsOriginValidator` has it), or if it is in
    `CSRF_TRUSTED_ORIGINS` or in the option `allowed_origins`. A browser always
    sends `Origin` with a handshake (RFC 6455, section 4.1); without one only
    `allow_missing_origin` or an `ALLOWED_HOSTS` with `"*"` lets it in.
    """
    if origin is None and options["allow_missing_origin"]:
        return True
    allowed = [*_allowed_hosts(), *_trusted_patterns(), *options["allowed_origins"]]
    try:
        parsed = None if origin is None else urlparse(origin)
        judge = OriginValidator(None, allowed)  # pyright: ignore[reportArgumentType]
        return bool(judge.valid_origin(parsed))
    except ValueError:
        return False  # No URL at all, such as "http://[".


def handshake_refusal(
    request: HttpRequest,
    options: RealtimeOptions,
    judge: Callable[[Any, str], bool],
) -> tuple[int, str] | None:
    """Return the HTTP status and the reason to refuse a WebSocket with, if there is one.

    Args:
        request: the handshake.
        options: the resolved options.
        judge: tells whether a page of an origin may connect.
    """
    if reason := host_refusal(request):
        return 400, reason
    origin: str | None = request.META.get("HTTP_ORIGIN")
    if origin is None:
        if origin_allowed(None, options):
            return None
        return 403, (
            "The handshake has no Origin header. A client that is no browser needs "
            "allow_missing_origin=True."
        )
    if judge(request, origin):
        return None
    return 403, (
        f"The origin {origin!r} is not in ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS or allowed_origins."
    )


def _origin_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


class _CrossSiteCheck(CsrfViewMiddleware):
    """Django's own rules on origins, without its token."""

    def __init__(self) -> None:
        super().__init__(no_view)

    def refuses(self, request: HttpRequest) -> bool:
        if "HTTP_ORIGIN" in request.META:
            return not origin_verified(self, request)
        if "HTTP_REFERER" in request.META:
            referred = copy(request)
            origin = _origin_of(request.META["HTTP_REFERER"])
            referred.META = {**request.META, "HTTP_ORIGIN": origin}
            return not origin_verified(self, referred)
        return request.META.get("HTTP_SEC_FETCH_SITE") in {"cross-site", "same-site"}


def cross_site_refusal(request: HttpRequest) -> str | None:
    """Refuse an HTTP request that carries the session and comes from another site.

    It is refused when its `Origin` is neither this site nor in
    `CSRF_TRUSTED_ORIGINS`; without `Origin`, when its `Referer` is not; without
    either, when the browser says `Sec-Fetch-Site: cross-site`. A request without
    the session cookie has nothing to steal and is not asked. Unlike Django's
    middleware, no token is wanted: a GraphQL client has no form to find it in.
    """
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    if not _CrossSiteCheck().refuses(request):
        return None
    return (
        "This request comes from another site and carries a session. "
        "Add the site to CSRF_TRUSTED_ORIGINS to let it in."
    )
