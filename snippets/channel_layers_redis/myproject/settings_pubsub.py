"""The settings of myproject with Redis pub/sub as the channel layer."""

from __future__ import annotations

from myproject.settings import *

# isort: split

# --8<-- [start:channel_layers]
import os

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")],
        },
    },
}
# --8<-- [end:channel_layers]
