"""The options of the endpoints that the site has, by the first part of their paths."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings

from .schema import Running, wait


async def fail(*_: Any) -> None:
    raise ValueError("the secret is 4711")


async def ask_slowly(*_: Any) -> None:
    await sync_to_async(wait)()


async def hang(*_: Any) -> None:
    with Running("hook"):
        await asyncio.Event().wait()


VARIANTS: dict[str, dict[str, Any]] = {
    "graphql": {},
    "looked": {"session_revalidate_interval": 0.5},
    "never-looked": {"session_revalidate_interval": None},
    "native": {"allow_missing_origin": True},
    "listed": {"allowed_origins": ["https://listed.example"]},
    "inside": {"django_middleware": True},
    "per-user": {"max_sockets_per_user": 2},
    "inside-per-user": {"max_sockets_per_user": 2, "django_middleware": True},
    "per-address": {"max_sockets_per_address": 2},
    "proxied": {"max_sockets_per_address": 1, "trusted_proxies": ["127.0.0.1"]},
    "rate": {"max_messages_per_second": 5},
    "few": {"max_subscriptions_per_connection": 2},
    "small": {"max_message_size": 1000},
    "pings": {"ping_interval": 0.3, "pong_timeout": 0.5},
    "idle": {"max_idle_time": 0.4},
    "lifetime": {"max_lifetime": 0.8},
    "hasty": {"connection_init_wait_timeout": timedelta(seconds=0.3)},
    "impatient": {"max_outbound_bytes": 32 * 1024, "send_timeout": 1},
    "patient": {
        "max_outbound_bytes": 32 * 1024,
        "send_timeout": 60,
        "max_messages_per_second": None,
    },
    "unbounded": {"max_outbound_bytes": 0},
    "overflow-close": {
        "max_outbound_bytes": 32 * 1024,
        "listener_capacity": 20,
        "slow_consumer": "close",
    },
    "overflow-drop": {
        "max_outbound_bytes": 32 * 1024,
        "listener_capacity": 20,
        "slow_consumer": "drop_oldest",
    },
    "overflow-latest": {
        "max_outbound_bytes": 32 * 1024,
        "listener_capacity": 20,
        "slow_consumer": "latest",
    },
    "slow-hook": {"on_connect": ask_slowly},
    "hanging": {"on_connect": hang},
    "hanging-briefly": {
        "on_connect": hang,
        "connection_init_wait_timeout": timedelta(seconds=0.3),
    },
    "failing": {"on_connect": fail},
    "failing-operation": {"on_operation": fail},
    "legacy": {"subscription_protocols": ["graphql-ws"]},
    "explorer": {"graphql_ide": "graphiql"},
    "posted": {"allow_queries_via_get": False},
    "uploads": {"multipart_uploads_enabled": True},
}


def options(name: str) -> dict[str, Any]:
    """Return what the router is told; the stock one has no options."""
    return {} if settings.STOCK else VARIANTS[name]
