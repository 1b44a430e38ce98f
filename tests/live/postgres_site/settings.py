"""A site on PostgreSQL with django-tenants, as its documentation sets it up."""

from __future__ import annotations

import json
import os

DEBUG = False
SECRET_KEY = "the-key-of-the-site-on-postgresql"
ALLOWED_HOSTS = ["127.0.0.1", ".ours.example"]
USE_X_FORWARDED_HOST = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SHARED_APPS = [
    "django_tenants",
    "postgres_site.shared",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "channels",
    "strawberry_django",
    "strawberry_django.realtime",
]
TENANT_APPS = ["postgres_site.notes"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "postgres_site.urls"
ASGI_APPLICATION = "postgres_site.asgi.application"
DATABASES = {
    "default": {
        "ENGINE": "django_tenants.postgresql_backend",
        "HOST": os.environ["SITE_POSTGRES"],
        "NAME": "site",
        "USER": "site",
        "CONN_MAX_AGE": 60,
        **json.loads(os.environ.get("SITE_DATABASE_OPTIONS", "{}")),
    }
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_MODEL = "shared.Tenant"
TENANT_DOMAIN_MODEL = "shared.Domain"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
