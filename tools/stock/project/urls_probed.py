"""Pages through which a probe acts inside the process, and looks into it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth import authenticate, get_user_model, login, logout
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

queries = import_module("myproject.schema").queries
User: Any = get_user_model()

EVENTS, EVENT_BYTES = 8_000, 16_384
ENTRIES = 20


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


def visits(request: HttpRequest) -> HttpResponse:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(str(request.session["visits"]))


def report(request: HttpRequest) -> HttpResponse:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    seen = {"memory": "VmRSS", "peak": "VmHWM"}
    sizes = {key: 1024 * int(status.split(f"{name}:")[1].split()[0]) for key, name in seen.items()}
    return JsonResponse({**sizes, "queries": len(queries)})


def enter(request: HttpRequest, username: str) -> None:
    User.objects.create_user(username, password="secret")
    login(request, authenticate(request, username=username, password="secret"))


def leave(request: HttpRequest, username: str) -> None:
    logout(request)


def deactivate(request: HttpRequest, username: str) -> None:
    user = User.objects.get(username=username)
    user.is_active = False
    user.save()


def set_password(request: HttpRequest, username: str) -> None:
    user = User.objects.get(username=username)
    user.set_password("changed")
    user.save()


def forget(request: HttpRequest, username: str) -> None:
    Session.objects.filter(session_key=request.session.session_key).delete()


def log(request: HttpRequest, username: str) -> None:
    user = User.objects.get(username=username)
    LogEntry.objects.all().delete()
    content_type = ContentType.objects.get_for_model(User)
    LogEntry.objects.bulk_create(
        LogEntry(user=user, content_type=content_type, action_flag=ADDITION) for _ in range(ENTRIES)
    )


def publish(request: HttpRequest, username: str) -> None:
    layer: Any = get_channel_layer()
    async_to_sync(layer.group_send)("probed", {"type": "probed.event", "text": username})


def flood(request: HttpRequest, username: str) -> None:
    layer: Any = get_channel_layer()

    async def send() -> None:
        for number in range(EVENTS):
            text = f"{number}".ljust(EVENT_BYTES)
            await layer.group_send("probed", {"type": "probed.event", "text": text})
            await asyncio.sleep(0)

    async_to_sync(send)()


ACTIONS: dict[str, Callable[[HttpRequest, str], None]] = {
    action.__name__: action
    for action in (enter, leave, deactivate, set_password, forget, log, publish, flood)
}


def act(request: HttpRequest, action: str) -> HttpResponse:
    ACTIONS[action](request, json.loads(request.body))
    return HttpResponse("done")


urlpatterns = [
    path("plain/", plain),
    path("visits/", visits),
    path("report/", report),
    path("act/<action>/", csrf_exempt(act)),
]
