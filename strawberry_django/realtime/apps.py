"""The Django app: naming it in `INSTALLED_APPS` turns the system checks on.

Imports Django and, once the apps are ready, `checks`.
"""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register


class RealtimeConfig(AppConfig):
    """Register the system checks of the `strawberry_django_realtime` app.

    It stands beside `strawberry_django` in `INSTALLED_APPS`; the order of the two does not matter.
    """

    name = "strawberry_django.realtime"
    label = "strawberry_django_realtime"
    verbose_name = "Strawberry Django realtime"

    def ready(self) -> None:
        """Register every check under the tag `strawberry_django_realtime`."""
        from .checks import check_project

        register(check_project, self.label)
