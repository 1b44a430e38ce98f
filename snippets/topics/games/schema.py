"""What can be asked of games."""

from __future__ import annotations

# --8<-- [start:imports]
from collections.abc import AsyncGenerator
from typing import Any

import strawberry
from strawberry.permission import BasePermission

from games.models import Game
from games.topics import Attendance, Score, attendance, news, scores
from strawberry_django.realtime import shared_subscription


# --8<-- [end:imports]
@strawberry.type
class Query:
    ping: str = "pong"


# --8<-- [start:mutation]
@strawberry.type
class Mutation:
    @strawberry.mutation
    async def set_score(self, game: strawberry.ID, home: int, away: int) -> Score:
        await Game.objects.filter(pk=game).aupdate(home=home, away=away)
        score = Score(game=game, home=home, away=away)
        await scores.publish(score, game=game)  # (hl)
        return score

    # --8<-- [end:mutation]
    # --8<-- [start:end]
    @strawberry.mutation
    async def final_whistle(self, game: strawberry.ID) -> bool:
        await scores.end(game=game)  # (hl)
        return True
        # --8<-- [end:end]


# --8<-- [start:staff]
class IsStaff(BasePermission):
    message = "Only for members of the staff."

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return bool(info.context.request.user.is_staff)


# --8<-- [end:staff]


# --8<-- [start:before]
async def score_now(
    info: strawberry.Info,
    game: strawberry.ID,
) -> AsyncGenerator[Score, None]:
    row = await Game.objects.aget(pk=game)
    yield Score(game=game, home=row.home, away=row.away)


# --8<-- [end:before]
# --8<-- [start:audience]
async def groups_of(info: strawberry.Info) -> tuple[str, ...]:
    user = info.context.request.user
    groups = user.groups.order_by("name").values_list("name", flat=True)
    return ("everybody", *[name async for name in groups])


# --8<-- [end:audience]
# --8<-- [start:plain]
@strawberry.type
class Subscription:
    @strawberry.subscription
    async def greeted(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
        name = info.context.request.user.get_username() or "stranger"
        async with news.subscribe(group="everybody") as events:
            async for text in events:
                yield f"{name}, {text}"
                # --8<-- [end:plain]

    # --8<-- [start:keys]
    @shared_subscription
    async def scores_changed(self, games: list[strawberry.ID]) -> AsyncGenerator[Score, None]:
        async with scores.subscribe(game=games) as events:  # (hl)
            async for score in events:
                yield score

    # --8<-- [end:keys]
    # --8<-- [start:shared]
    @shared_subscription(initial=score_now)
    async def score_changed(self, game: strawberry.ID) -> AsyncGenerator[Score, None]:
        async with scores.subscribe(game=game) as events:
            async for score in events:
                yield score

    # --8<-- [end:shared]
    # --8<-- [start:for_audience]
    @shared_subscription(audience=groups_of)
    async def news_published(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
        async with news.subscribe(group=info.context.audience) as events:  # (hl)
            async for text in events:
                yield text

    # --8<-- [end:for_audience]
    # --8<-- [start:permission]
    @shared_subscription(permission_classes=[IsStaff])
    async def attendance_changed(self) -> AsyncGenerator[Attendance, None]:
        async with attendance.subscribe() as events:
            async for count in events:
                yield count

    # --8<-- [end:permission]
    # --8<-- [start:wrong]
    @shared_subscription
    async def wrong(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
        yield f"Hello, {info.context.request.user}!"  # (hl)
        # --8<-- [end:wrong]


schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)
