"""ASGI config for myproject project: GraphQL with consumers of its own."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")

# Sets Django up. Models can be imported from here on, not before.
django_asgi_app = get_asgi_application()

# --8<-- [start:router]
from myproject.consumers import HTTPConsumer, WSConsumer
from myproject.schema import schema

from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

application = AuthGraphQLProtocolTypeRouter(
    schema,
    django_application=django_asgi_app,
    http_consumer_class=HTTPConsumer,  # (hl)
    websocket_consumer_class=WSConsumer,  # (hl)
)
# --8<-- [end:router]
