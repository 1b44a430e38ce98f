"""An app that routes GraphQL too early: while Django is still being set up."""

from __future__ import annotations

from django.apps import AppConfig

from strawberry_django.realtime.auth.revocation import connect_signals


class EarlyConfig(AppConfig):
    """Begins to listen when the apps are being made ready, and not when they are."""

    name = "tests"
    label = "early"

    def ready(self) -> None:
        connect_signals()
