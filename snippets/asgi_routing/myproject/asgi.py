"""ASGI config for myproject project: GraphQL on /graphql, Django everywhere else."""

from __future__ import annotations

# --8<-- [start:asgi]
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")

# Sets Django up. Models can be imported from here on, not before.
django_asgi_app = get_asgi_application()

from myproject.schema import schema

from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

application = AuthGraphQLProtocolTypeRouter(
    schema,
    django_application=django_asgi_app,
)
# --8<-- [end:asgi]
