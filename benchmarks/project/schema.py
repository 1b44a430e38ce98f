"""What is asked of each router: an answer that costs nothing, and a subscription to events."""

from __future__ import annotations

from importlib import import_module

import strawberry
from myproject.item import MEASURED


@strawberry.type
class Query:
    @strawberry.field
    def ping(self) -> str:
        return "pong"


module = "topic" if MEASURED in ("executed", "shared", "inside") else "group"
Subscription = import_module(f"myproject.events_{module}").Subscription

schema = strawberry.Schema(query=Query, subscription=Subscription)
