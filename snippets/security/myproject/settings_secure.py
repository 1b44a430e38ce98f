"""The settings of myproject with what a public site says about its GraphQL endpoint."""

from __future__ import annotations

from myproject.settings import *

# --8<-- [start:hosts]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "example.com"]
CSRF_TRUSTED_ORIGINS = ["https://app.example.com"]
# --8<-- [end:hosts]

# --8<-- [start:limits]
STRAWBERRY_DJANGO_REALTIME = {
    "MAX_SOCKETS_PER_USER": 20,
    "MAX_SOCKETS_PER_ADDRESS": 200,
    "MAX_SUBSCRIPTIONS_PER_CONNECTION": 50,
    "MAX_MESSAGES_PER_SECOND": 20,
    "MAX_MESSAGE_SIZE": 64 * 1024,
    "SESSION_REVALIDATE_INTERVAL": 10,
}
# --8<-- [end:limits]
