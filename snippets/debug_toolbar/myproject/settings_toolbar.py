"""The settings of myproject with django-debug-toolbar."""

from __future__ import annotations

from myproject.settings import *
from myproject.settings import INSTALLED_APPS, MIDDLEWARE

ROOT_URLCONF = "myproject.urls_toolbar"

# --8<-- [start:toolbar]
INSTALLED_APPS = [*INSTALLED_APPS, "debug_toolbar"]

MIDDLEWARE = [
    "strawberry_django.middlewares.debug_toolbar.DebugToolbarMiddleware",
    *MIDDLEWARE,
]

INTERNAL_IPS = ["127.0.0.1"]

STRAWBERRY_DJANGO_REALTIME = {
    "DJANGO_MIDDLEWARE": True,
}
# --8<-- [end:toolbar]
