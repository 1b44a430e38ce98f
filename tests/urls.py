"""One page that GraphQL has nothing to do with, and one that touches the user."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path


def page(request: HttpRequest) -> HttpResponse:
    """Answer without a look at the session."""
    return HttpResponse("a page")


def who(request: HttpRequest) -> HttpResponse:
    """Answer with the name of the user."""
    return HttpResponse(request.user.get_username() or "anonymous")


urlpatterns = [path("", page), path("who/", who, name="who")]
