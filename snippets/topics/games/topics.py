# --8<-- [start:topic]
"""What this app publishes."""

from __future__ import annotations

from dataclasses import dataclass

import strawberry

from strawberry_django.realtime import Topic


@strawberry.type
class Score:
    game: strawberry.ID
    home: int
    away: int


scores = Topic("games.scores", Score)
# --8<-- [end:topic]


# --8<-- [start:news]
news = Topic("games.news", str)
# --8<-- [end:news]


# --8<-- [start:latest]
@strawberry.type
class Attendance:
    inside: int
    at_the_gates: int


attendance = Topic("games.attendance", Attendance, slow_consumer="latest", capacity=1)
# --8<-- [end:latest]


# --8<-- [start:versions]
@dataclass
class Goal:
    player: str
    minute: int
    own_goal: bool = False  # (hl)


goals = Topic("games.goals", Goal)
# --8<-- [end:versions]
