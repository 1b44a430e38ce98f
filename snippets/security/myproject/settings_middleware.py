"""The settings of myproject with its own middleware around GraphQL over HTTP."""

from __future__ import annotations

from myproject.settings import *

# --8<-- [start:middleware]
STRAWBERRY_DJANGO_REALTIME = {
    "DJANGO_MIDDLEWARE": True,
}
# --8<-- [end:middleware]
