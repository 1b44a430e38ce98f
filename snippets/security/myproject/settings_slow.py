"""The settings of myproject with what happens to clients that do not read, or do not answer."""

from __future__ import annotations

from myproject.settings import *

# --8<-- [start:slow]
STRAWBERRY_DJANGO_REALTIME = {
    "MAX_OUTBOUND_BYTES": 64 * 1024,
    "SEND_TIMEOUT": 10,
    "LISTENER_CAPACITY": 100,
    "SLOW_CONSUMER": "drop_oldest",
    "PING_INTERVAL": 15,
    "PONG_TIMEOUT": 10,
    "MAX_IDLE_TIME": 15 * 60,
    "MAX_LIFETIME": 12 * 60 * 60,
}
# --8<-- [end:slow]
