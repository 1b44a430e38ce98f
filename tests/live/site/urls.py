"""Pages of the site: one plain one, and one through which the tests act from inside a process."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from asgiref.sync import async_to_sync
from channels.auth import logout as channels_logout
from channels.layers import get_channel_layer
from django.contrib.auth import authenticate, get_user_model, login, logout
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

User: Any = get_user_model()


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


def visits(request: HttpRequest) -> HttpResponse:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(str(request.session["visits"]))


def create(request: HttpRequest, username: str, **fields: Any) -> dict[str, Any]:
    user = User.objects.create_user(username, password="secret", **fields)
    return {"pk": user.pk}


def enter(request: HttpRequest, username: str, expiry: int | None = None) -> None:
    login(request, authenticate(request, username=username, password="secret"))
    request.session.set_expiry(expiry)


def leave(request: HttpRequest) -> None:
    logout(request)


def flush(request: HttpRequest) -> None:
    request.session.flush()


def leave_as_channels_has_it(request: HttpRequest) -> None:
    """Log out as a consumer of the project's own does."""
    scope: Any = {"session": request.session, "user": request.user}
    async_to_sync(channels_logout)(scope)


def change(request: HttpRequest, username: str, **fields: Any) -> None:
    user = User.objects.get(username=username)
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()


def change_in_silence(request: HttpRequest, username: str, **fields: Any) -> None:
    """Change a user as no signal tells."""
    User.objects.filter(username=username).update(**fields)


def set_password(request: HttpRequest, username: str) -> None:
    user = User.objects.get(username=username)
    user.set_password("changed")
    user.save()


def delete_user(request: HttpRequest, username: str) -> None:
    User.objects.get(username=username).delete()


def delete_session(request: HttpRequest, key: str) -> None:
    Session.objects.filter(session_key=key).delete()


def delete_session_in_silence(request: HttpRequest, key: str) -> None:
    """Delete a session as no signal tells."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session WHERE session_key = %s", [key])


def expire_session(request: HttpRequest, key: str) -> None:
    Session.objects.filter(session_key=key).update(expire_date=timezone.now())


def read_session(request: HttpRequest, key: str) -> dict[str, Any]:
    row = Session.objects.get(session_key=key)
    return {"data": row.get_decoded(), "stored": row.session_data, "expires": str(row.expire_date)}


def disconnect(request: HttpRequest, username: str, times: int = 1) -> None:
    from strawberry_django.realtime import disconnect_user

    for _ in range(times):
        disconnect_user(User.objects.get(username=username))


def publish(
    request: HttpRequest, group: str, texts: list[str], type: str = "site.event"
) -> None:
    layer: Any = get_channel_layer()

    async def send() -> None:
        for text in texts:
            await layer.group_send(group, {"type": type, "text": text})

    async_to_sync(send)()


def tell(request: HttpRequest, name: str, texts: list[str]) -> None:
    topic = import_module("security_site.schema").texts
    for text in texts:
        topic.publish_sync(text, name=name)


def number(request: HttpRequest, name: str, numbers: list[int]) -> None:
    topic = import_module("security_site.schema").numbers
    for each in numbers:
        topic.publish_sync(each, name=name)


def publish_event(request: HttpRequest, text: str) -> None:
    layer: Any = get_channel_layer()
    async_to_sync(layer.group_send)("events", {"type": "events.event", "text": text})


def confuse(request: HttpRequest, group: str) -> None:
    """Send what no other version would, and what Redis carries and cannot be decoded."""
    layer: Any = get_channel_layer()
    for message in ({"type": group.replace("revocation", "revoke")}, {"type": "x", 1: 2}):
        async_to_sync(layer.group_send)(group, message)


def token(request: HttpRequest, username: str) -> dict[str, str]:
    hooks = import_module("myproject.hooks")
    return {"token": hooks.make_token(User.objects.get(username=username))}


ACTIONS = {
    function.__name__: function
    for function in (
        *(create, enter, leave, flush, leave_as_channels_has_it, change, change_in_silence, set_password, delete_user),
        *(delete_session, delete_session_in_silence, expire_session, read_session, disconnect),
        *(publish, publish_event, tell, number, confuse, token),
    )
}


@csrf_exempt
def act(request: HttpRequest, action: str) -> HttpResponse:
    return JsonResponse(ACTIONS[action](request, **json.loads(request.body)) or {})


urlpatterns = [path("", plain), path("visits", visits, name="visits"), path("act/<action>", act)]
