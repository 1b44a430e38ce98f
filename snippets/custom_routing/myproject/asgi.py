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

application = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                re_path(
                    r"^graphql$",
                    AuthMiddlewareStack(GraphQLHTTPConsumer.as_asgi(schema=schema)),  # (hl)
                ),
                re_path(r"^", django_asgi_app),
            ]
        ),
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(
                URLRouter(
                    [
                        re_path(r"^graphql$", GraphQLWSConsumer.as_asgi(schema=schema)),
                    ]
                )
            )
        ),
    }
)
# --8<-- [end:asgi]
