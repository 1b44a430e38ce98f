from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry

from strawberry_django.realtime import shared_subscription

from .topics import Alert, alerts


async def open_alerts(info: strawberry.Info) -> AsyncGenerator[Alert, None]:
    yield Alert(text="The alerts that are open now")


@strawberry.type
class Query:
    ok: bool = True


@strawberry.type
class Subscription:
    # --8<-- [start:subscription]
    @shared_subscription
    async def alert_raised(self, team: str) -> AsyncGenerator[Alert, None]:
        async with alerts.subscribe(team=team) as events:
            async for alert in events:
                yield alert

    # --8<-- [end:subscription]

    # --8<-- [start:initial]
    @shared_subscription(initial=open_alerts)
    async def alerts_from_now(self, team: str) -> AsyncGenerator[Alert, None]:
        async with alerts.subscribe(team=team) as events:
            async for alert in events:
                yield alert

    # --8<-- [end:initial]

    # --8<-- [start:after]
    @strawberry.subscription
    async def alerts_after(
        self, team: str, after: str | None = None
    ) -> AsyncGenerator[Alert, None]:
        async with alerts.subscribe(team=team, after=after, on_gap="extensions") as events:
            async for alert in events:
                yield alert

    # --8<-- [end:after]


schema = strawberry.Schema(query=Query, subscription=Subscription)
