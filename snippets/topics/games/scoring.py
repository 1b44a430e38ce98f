# --8<-- [start:on_commit]
"""Goals, from wherever they are reported."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from games.models import Game
from games.topics import Score, scores


@transaction.atomic
def home_scores(pk: int) -> None:
    Game.objects.filter(pk=pk).update(home=F("home") + 1)
    game = Game.objects.get(pk=pk)
    scores.publish_on_commit(Score(game=str(pk), home=game.home, away=game.away), game=pk)  # (hl)


# --8<-- [end:on_commit]
