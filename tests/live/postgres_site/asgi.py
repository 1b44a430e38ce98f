"""Two endpoints: one for tenants, one with row-level security, each by the guide's hook."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postgres_site.settings")

django_application = get_asgi_application()

from strawberry_django.realtime.protocol import (
    GRAPHQL_SSE_PROTOCOL,
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    GRAPHQL_WS_PROTOCOL,
)
from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

from .schema import schema
from .shared.models import Tenant


async def on_connect(context: Any) -> None:
    """Ask the database, as a hook that looks up a token does."""
    await Tenant.objects.acount()


PROTOCOLS = [GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL]

by_user = AuthGraphQLProtocolTypeRouter(
    schema,
    url_pattern="^by-user$",
    enter_thread=import_module("myproject.row_level_security").enter_user,
)
by_tenant = AuthGraphQLProtocolTypeRouter(
    schema,
    django_application,
    enter_thread=import_module("myproject.tenants").enter_tenant,
    subscription_protocols=PROTOCOLS,
    on_connect=on_connect,
)


async def application(scope: Any, receive: Any, send: Any) -> None:
    router = by_user if scope.get("path") == "/by-user" else by_tenant
    await router(scope, receive, send)
