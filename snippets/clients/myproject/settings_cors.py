"""Settings that let pages of another origin use the API, with cookies."""

from __future__ import annotations

from myproject.settings import *
from myproject.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = ["corsheaders", *INSTALLED_APPS]
MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", *MIDDLEWARE]

CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
CORS_ALLOW_CREDENTIALS = True
CSRF_TRUSTED_ORIGINS = CORS_ALLOWED_ORIGINS

STRAWBERRY_DJANGO_REALTIME = {"DJANGO_MIDDLEWARE": True}
