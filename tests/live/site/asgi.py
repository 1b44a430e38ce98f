"""The site under attack: one endpoint for each set of options, and a look into the process."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import json
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from channels.layers import get_channel_layer
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "security_site.settings")

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.db.backends.signals import connection_created


import strawberry_django

# Of the guide: laid under this package in the project that the tests build.
_hooks, _schema = import_module("myproject.hooks"), import_module("myproject.schema")

from .schema import release, resolved, running, schema
from .variants import VARIANTS, options

queries: list[str] = []


def _record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    queries.append(sql)
    return execute(sql, params, many, context)


def _record_all(connection: Any, **_: Any) -> None:
    if _record not in connection.execute_wrappers:  # It may be opened again.
        connection.execute_wrappers.append(_record)


connection_created.connect(_record_all, weak=False)


def router_class() -> Any:
    """Return our router, or the one of strawberry-graphql-django, which ours hides."""
    if not settings.STOCK:
        from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

        return AuthGraphQLProtocolTypeRouter
    path = Path(strawberry_django.__file__).with_name("routers.py")
    spec = importlib.util.spec_from_file_location("stock_routers", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.AuthGraphQLProtocolTypeRouter


Router = router_class()
endpoints = {
    name: Router(schema, django_application, f"^{name}$", **options(name)) for name in VARIANTS
}
endpoints["guarded"] = Router(
    _schema.schema,
    django_application,
    "^guarded$",
    **(
        {}
        if settings.STOCK
        else {"on_connect": _hooks.on_connect, "on_operation": _hooks.on_operation}
    ),
)

if not settings.STOCK:
    _rooms = import_module("myproject.rooms")
    endpoints["rooms"] = ProtocolTypeRouter({"websocket": _rooms.websocket})


def _memory() -> int:
    """Return the resident memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def _layer() -> dict[str, int]:
    """Return how many channels and memberships of groups the channel layer has on this process."""
    layer: Any = get_channel_layer()
    if hasattr(type(layer), "receive_buffer_lpop") or hasattr(layer, "brpop_timeout"):
        keys = await layer.connection(0).keys(f"{layer.prefix}:group:*")
        members = [m for key in keys for m in await layer.connection(0).zrange(key, 0, -1)]
        own = [member for member in members if layer.client_prefix.encode() in member]
        return {"channels": len(layer.receive_buffer), "memberships": len(own)}
    looped = getattr(layer, "_get_layer", lambda: layer)()
    subscribed = sum(len(shard._subscribed_to) for shard in getattr(looped, "_shards", ()))
    memberships = sum(map(len, looped.groups.values()))
    return {"channels": len(looped.channels), "memberships": memberships, "subscribed": subscribed}


def under_way() -> dict[str, int]:
    """Return how many of the generators of each name run."""
    return {name: count for name, count in running.items() if count}


async def report() -> dict[str, Any]:
    """Return what goes on in this process."""
    gc.collect()
    tasks = sorted(repr(task.get_coro()) for task in asyncio.all_tasks())
    seen = {
        "tasks": tasks,
        "memory": _memory(),
        "running": under_way(),
        "resolved": dict(resolved),
        "queries": len(queries),
        "layer": await _layer(),
    }
    return seen


#: What is answered here, on the event loop, whatever the router and its threads do.
looks: dict[str, Callable[[], Any]] = {
    "report": report,
    "running": under_way,
    "queries": lambda: queries,
    "release": release,
}


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    prefix = getattr(settings, "PREFIX", "")
    first = scope.get("path", "/").removeprefix(prefix).split("/")[1]
    if scope["type"] == "http" and first in looks:
        seen = looks[first]()
        body = json.dumps(await seen if asyncio.iscoroutine(seen) else seen).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    await endpoints.get(first, endpoints["graphql"])(scope, receive, send)
