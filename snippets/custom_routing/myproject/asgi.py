"""ASGI config for myproject project: the routing put together by hand."""

from __future__ import annotations

# --8<-- [start:asgi]
import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")

django_asgi_app = get_asgi_application()

from myproject.schema import schema

from strawberry_django.realtime import GraphQLHTTPConsumer, GraphQLWSConsumer

graphql_http = AuthMiddlewareStack(GraphQLHTTPConsumer.as_asgi(schema=schema))  # (hl)
graphql_websocket = AuthMiddlewareStack(GraphQLWSConsumer.as_asgi(schema=schema))  # (hl)

application = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                re_path(r"^graphql$", graphql_http),
                re_path(r"^", django_asgi_app),
            ]
        ),
        "websocket": AllowedHostsOriginValidator(
            URLRouter([re_path(r"^graphql$", graphql_websocket)]),
        ),
    }
)
# --8<-- [end:asgi]
