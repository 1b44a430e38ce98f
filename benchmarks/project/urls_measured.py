"""A plain page, the page that publishes events, and Strawberry's own Django view."""

from __future__ import annotations

from importlib import import_module

from channels.layers import get_channel_layer
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from strawberry.django.views import AsyncGraphQLView

guide = import_module("myproject.urls")
schema = import_module("myproject.schema").schema


async def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


@csrf_exempt
async def publish(request: HttpRequest) -> HttpResponse:
    layer = get_channel_layer()
    for number in range(int(request.body)):
        await layer.group_send("measured", {"type": "measured.event", "text": str(number)})
    return HttpResponse("done")


urlpatterns = [
    *guide.urlpatterns,
    path("plain/", plain),
    path("publish/", publish),
    path("view", csrf_exempt(AsyncGraphQLView.as_view(schema=schema))),
]
