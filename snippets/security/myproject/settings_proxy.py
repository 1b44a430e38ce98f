"""The settings of myproject where clients come through a proxy in the network 10.0.0.0/8."""

from __future__ import annotations

from myproject.settings import *

# --8<-- [start:proxy]
STRAWBERRY_DJANGO_REALTIME = {
    "MAX_SOCKETS_PER_ADDRESS": 200,
    "TRUSTED_PROXIES": ["10.0.0.0/8"],
}
# --8<-- [end:proxy]
