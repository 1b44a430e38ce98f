"""One program, and beside it `POST /publish/`, which costs each program the same.

Its body is how many events are published; the answer is the time at which that began, in
nanoseconds of the machine's monotonic clock.
"""

from __future__ import annotations

import os
import time
from importlib import import_module
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings_measured")
django.setup()

from django.core.asgi import get_asgi_application  # noqa: E402
from myproject.item import MEASURED  # noqa: E402

if MEASURED in ("bare", "channels"):
    program = import_module(f"myproject.program_{MEASURED}")
    inner, publish = program.application, program.publish
elif MEASURED == "inside":
    from myproject.schema import schema

    from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

    publish = None
    inner = AuthGraphQLProtocolTypeRouter(schema, get_asgi_application(), django_middleware=True)
else:
    routed = MEASURED != "django"
    inner = import_module("myproject.asgi").application if routed else get_asgi_application()
    module = import_module("myproject.schema").module
    publish = import_module(f"myproject.events_{module}").publish


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http" or scope["path"] != "/publish/":
        await inner(scope, receive, send)
        return
    wanted = int((await receive())["body"])
    now = str(time.monotonic_ns()).encode()
    for number in range(wanted):
        await publish(number)
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(now)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": now})
