"""Games and how they stand."""

from __future__ import annotations

from django.db import models


class Game(models.Model):
    home = models.PositiveIntegerField(default=0)
    away = models.PositiveIntegerField(default=0)
