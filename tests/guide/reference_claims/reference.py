"""The code of the reference, word for word: what a reader copies must be true of what we ship.

Imports nothing. Each constant is one fenced block; its name is where the block belongs.
"""

from __future__ import annotations

PIP_INSTALL = "pip install channels daphne"

PIP_INSTALL_REDIS = "pip install channels-redis  # For Redis-backed channel layers"

INSTALLED_APPS = """\
INSTALLED_APPS = [
    'daphne',  # Must be before staticfiles for runserver override
    'django.contrib.staticfiles',
    # ... other apps
    'channels',
    'strawberry_django',
]
"""

ASGI_APPLICATION = """\
ASGI_APPLICATION = 'myproject.asgi.application'
"""

ASGI = """\
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")

# Initialize Django ASGI application early to ensure AppRegistry is populated
# before importing any models
django_asgi_app = get_asgi_application()

# Import schema AFTER django setup
from myproject.schema import schema
from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

application = AuthGraphQLProtocolTypeRouter(
    schema,
    django_application=django_asgi_app,
)
"""

ROUTER = """\
from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

application = AuthGraphQLProtocolTypeRouter(
    schema,                           # Your Strawberry schema
    django_application=django_asgi,   # Optional: Django ASGI app for non-GraphQL routes
    url_pattern="^graphql",           # Optional: URL pattern (default: "^graphql")
)
"""

CUSTOM_URL_PATTERN = """\
# Route GraphQL to /api/graphql instead of /graphql
application = AuthGraphQLProtocolTypeRouter(
    schema,
    django_application=django_asgi_app,
    url_pattern="^api/graphql",
)
"""

CHANNEL_LAYERS_IN_MEMORY = """\
# Development (in-memory, single-process only)
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels.layers.InMemoryChannelLayer"
    }
}
"""

CHANNEL_LAYERS_REDIS = """\
# Production (Redis)
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [("127.0.0.1", 6379)],
        },
    },
}
"""

RESOLVER = """\
import strawberry
from strawberry.types import Info

@strawberry.type
class Query:
    @strawberry.field
    def me(self, info: Info) -> str:
        user = info.context.request.user
        if user.is_authenticated:
            return f"Hello, {user.username}!"
        return "Hello, anonymous!"
"""

COMMANDS = {
    "runserver": "python manage.py runserver",
    "daphne": "daphne myproject.asgi:application",
    "uvicorn": "uvicorn myproject.asgi:application --host 0.0.0.0 --port 8000",
    "hypercorn": "hypercorn myproject.asgi:application --bind 0.0.0.0:8000",
}

CUSTOM_ROUTING = """\
import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import re_path
from strawberry.channels.handlers.http_handler import GraphQLHTTPConsumer
from strawberry.channels.handlers.ws_handler import GraphQLWSConsumer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")
django_asgi_app = get_asgi_application()

from myproject.schema import schema

application = ProtocolTypeRouter({
    "http": AuthMiddlewareStack(
        URLRouter([
            re_path(r"^graphql$", GraphQLHTTPConsumer.as_asgi(schema=schema)),
            re_path(r"^", django_asgi_app),
        ])
    ),
    "websocket": AllowedHostsOriginValidator(
        AuthMiddlewareStack(
            URLRouter([
                re_path(r"^graphql$", GraphQLWSConsumer.as_asgi(schema=schema)),
            ])
        )
    ),
})
"""
