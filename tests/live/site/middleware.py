"""Middleware of the project's own."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def stamp(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["X-Stamp"] = "stamped"
        return response

    return middleware


def cors(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let pages of `CORS_ORIGIN` read answers (Fetch Standard, section "CORS protocol")."""

    def middleware(request: HttpRequest) -> HttpResponse:
        asked = "Access-Control-Request-Method" in request.headers
        response = HttpResponse() if asked else get_response(request)
        response.headers["Access-Control-Allow-Origin"] = settings.CORS_ORIGIN
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Access-Control-Allow-Headers"] = "content-type"
        return response

    return middleware
