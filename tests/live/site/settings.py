"""The settings of the site under attack: a public site, `DEBUG` off, many options by environment."""

from __future__ import annotations

import json
import os
from pathlib import Path

DEBUG = False
SECRET_KEY = "the-key-of-the-site-under-attack"
ALLOWED_HOSTS = ["127.0.0.1", ".ours.example"]
CSRF_TRUSTED_ORIGINS = ["https://trusted.example", "https://*.wide.example"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STOCK = os.environ["SITE_ROUTER"] == "stock"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "channels",
    "strawberry_django",
    *([] if STOCK else ["strawberry_django.realtime"]),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "security_site.middleware.stamp",
]
ROOT_URLCONF = "security_site.urls"
ASGI_APPLICATION = "security_site.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {},
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(os.environ["SITE_DATABASE"]),
        "OPTIONS": {"timeout": 20},
    }
}
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}

_LAYERS = {
    "memory": {"BACKEND": "channels.layers.InMemoryChannelLayer"},
    "pubsub": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [os.environ.get("SITE_REDIS")]},
    },
    "core": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": os.environ.get("SITE_REDIS"),
                    "socket_timeout": 15,
                    "max_connections": 1000,
                }
            ],
            "capacity": 1000,
            "prefix": "core",
        },
    },
}
CHANNEL_LAYERS = {"default": _LAYERS[os.environ["SITE_LAYER"]]}

globals().update(json.loads(os.environ.get("SITE_SETTINGS", "{}")))

if "CORS_ORIGIN" in globals():
    MIDDLEWARE = ["security_site.middleware.cors", *MIDDLEWARE]
