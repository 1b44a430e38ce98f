# --8<-- [start:topic]
from __future__ import annotations

import strawberry

from strawberry_django.realtime import History, Topic


@strawberry.type
class Alert:
    text: str


alerts = Topic("alerts", Alert, history=History(seconds=300, events=1_000))
# --8<-- [end:topic]
