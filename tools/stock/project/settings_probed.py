"""The guide's settings on a public site, and what a probe changes of them."""

from __future__ import annotations

import json
import os
from importlib import import_module

guide = import_module("myproject.settings")
globals().update({name: getattr(guide, name) for name in dir(guide) if name.isupper()})

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "www.example.com"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [
    app
    for app in guide.INSTALLED_APPS
    if os.environ["SITE_ROUTER"] == "ours" or app != "strawberry_django.realtime"
]
ROOT_URLCONF = "myproject.urls_probed"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}

globals().update(json.loads(os.environ["SITE_SETTINGS"]))
