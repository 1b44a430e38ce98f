# --8<-- [start:on_commit]
"""Goals, from wherever they are reported."""

from __future__ import annotations

from django.db import transaction

from games.models import Game
from games.topics import Score, scores


@transaction.atomic
def home_scores(pk: int) -> None:
    game = Game.objects.select_for_update().get(pk=pk)
    game.home += 1
    game.save()
    scores.publish_on_commit(Score(game=str(pk), home=game.home, away=game.away), game=pk)  # (hl)


# --8<-- [end:on_commit]
