# --8<-- [start:command]
"""Tell everybody something: python manage.py announce "The gates are open." """

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand
from django.core.management.base import CommandParser

from games.topics import news


class Command(BaseCommand):
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("text")

    def handle(self, *args: Any, text: str, **options: Any) -> None:
        news.publish_sync(text, group="everybody")  # (hl)


# --8<-- [end:command]
