"""A plain page, and Strawberry's own Django view."""

from __future__ import annotations

from importlib import import_module

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from strawberry.django.views import AsyncGraphQLView

guide = import_module("myproject.urls")
schema = import_module("myproject.schema").schema


async def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


urlpatterns = [
    *guide.urlpatterns,
    path("plain/", plain),
    path("view", csrf_exempt(AsyncGraphQLView.as_view(schema=schema))),
]
