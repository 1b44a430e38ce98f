"""The documented import path of the router; the code is in `strawberry_django.realtime`.

This package takes the place of strawberry-graphql-django's own module `routers`:
Python prefers a package to a module of the same name in the same directory.
"""

from __future__ import annotations

from strawberry_django.realtime.routing import AuthGraphQLProtocolTypeRouter

__all__ = ["AuthGraphQLProtocolTypeRouter"]
