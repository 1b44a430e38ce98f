"""ASGI config for myproject project: GraphQL with hooks."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")

django_asgi_app = get_asgi_application()

# --8<-- [start:hooks]
from myproject.hooks import on_connect, on_operation
from myproject.schema import schema

from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

application = AuthGraphQLProtocolTypeRouter(
    schema,
    django_application=django_asgi_app,
    on_connect=on_connect,  # (hl)
    on_operation=on_operation,  # (hl)
)
# --8<-- [end:hooks]
