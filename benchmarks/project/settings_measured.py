"""The guide's settings on a public site, with or without this library's application."""

from __future__ import annotations

import os
from importlib import import_module

guide = import_module("myproject.settings")
globals().update({name: getattr(guide, name) for name in dir(guide) if name.isupper()})

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    app
    for app in guide.INSTALLED_APPS
    if os.environ["MEASURED"] != "stock" or app != "strawberry_django.realtime"
]
ROOT_URLCONF = "myproject.urls_measured"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
LOGGING = {"version": 1, "loggers": {"uvicorn.access": {"level": "WARNING"}}}
