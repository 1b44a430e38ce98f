"""The settings of myproject in production, behind HTTPS on www.example.com."""

from __future__ import annotations

# --8<-- [start:production]
import os

from myproject.settings import *

DEBUG = False
SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
ALLOWED_HOSTS = ["www.example.com"]  # (hl)

SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
# --8<-- [end:production]
