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
# Channels advises a greater capacity where many events come at once.
BACKEND = os.environ.get("LAYER", "channels.layers.InMemoryChannelLayer")
CONFIG = {"capacity": 1_000}
if BACKEND.startswith("channels_redis"):
    CONFIG["hosts"] = [os.environ["REDIS"]]
    if "pubsub" in BACKEND:
        del CONFIG["capacity"]
CHANNEL_LAYERS = {"default": {"BACKEND": BACKEND, "CONFIG": CONFIG}}
LOGGING = {"version": 1, "loggers": {"uvicorn.access": {"level": "WARNING"}}}
