"""ASGI config for myproject project: consumers that open Django's session themselves."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")

django_asgi_app = get_asgi_application()

from myproject.schema import schema

from strawberry_django.realtime import GraphQLHTTPConsumer, GraphQLWSConsumer

# --8<-- [start:application]
graphql_http = GraphQLHTTPConsumer.as_asgi(schema=schema, session_auth=True)  # (hl)
graphql_websocket = GraphQLWSConsumer.as_asgi(schema=schema, session_auth=True)  # (hl)

application = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                re_path(r"^graphql$", graphql_http),
                re_path(r"^", django_asgi_app),
            ]
        ),
        "websocket": URLRouter([re_path(r"^graphql$", graphql_websocket)]),
    }
)
# --8<-- [end:application]
