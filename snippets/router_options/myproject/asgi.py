"""ASGI config for myproject project: GraphQL with options of its own."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")

# Sets Django up. Models can be imported from here on, not before.
django_asgi_app = get_asgi_application()

# --8<-- [start:router]
from datetime import timedelta

from myproject.schema import schema

from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

application = AuthGraphQLProtocolTypeRouter(
    schema,
    django_application=django_asgi_app,
    allow_queries_via_get=False,
    allowed_origins=["https://app.example.com"],
    connection_init_wait_timeout=timedelta(seconds=10),
    max_subscriptions_per_connection=20,
)
# --8<-- [end:router]
