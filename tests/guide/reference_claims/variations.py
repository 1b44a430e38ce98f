"""Applications that differ from the reference's by what a test is about.

Imports `reference` only. Each is made out of the reference's own text: nothing else differs.
"""

from __future__ import annotations

from tests.guide.reference_claims import reference


def replaced(text: str, *replacements: tuple[str, str]) -> str:
    """Return `text` with each of `replacements` made.

    Raises:
        ValueError: there is nothing to replace.
    """
    for old, new in replacements:
        if old not in text:
            raise ValueError(f"{old!r} is not in the text")
        text = text.replace(old, new)
    return text


def asgi_module(application: str) -> str:
    """Return the reference's `asgi.py` with another application at its end."""
    return reference.ASGI.partition("application = ")[0] + application


_STOCK_CONSUMERS = """\
from strawberry.channels.handlers.http_handler import GraphQLHTTPConsumer
from strawberry.channels.handlers.ws_handler import GraphQLWSConsumer
"""
_OUR_CONSUMERS = "from strawberry_django.realtime import GraphQLHTTPConsumer, GraphQLWSConsumer\n"

PLAIN_DJANGO = asgi_module("application = django_asgi_app\n")
STOCK_ROUTER = replaced(
    reference.ASGI,
    ("strawberry_django.routers", "strawberry.channels"),
    ("AuthGraphQLProtocolTypeRouter", "GraphQLProtocolTypeRouter"),
)
WITHOUT_DJANGO = replaced(reference.ASGI, ("    django_application=django_asgi_app,\n", ""))
CUSTOM_URL_PATTERN = asgi_module(reference.CUSTOM_URL_PATTERN)
PATTERN_WITH_A_SLASH = replaced(CUSTOM_URL_PATTERN, ("^api/graphql", "^/api/graphql"))
CUSTOM_ROUTING = replaced(reference.CUSTOM_ROUTING, (_STOCK_CONSUMERS, _OUR_CONSUMERS))
CUSTOM_ROUTING_WITHOUT_AUTH = replaced(CUSTOM_ROUTING, ("AuthMiddlewareStack(", "("))
SCHEMA_AFTER = replaced(reference.ASGI, ("myproject.schema", "myproject.schema_with_models"))
_IMPORT = "from myproject.schema_with_models import schema\n"
_SETUP = "django_asgi_app = get_asgi_application()\n"
SCHEMA_FIRST = replaced(SCHEMA_AFTER, (_IMPORT, ""), (_SETUP, _IMPORT + _SETUP))
