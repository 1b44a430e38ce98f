"""System checks: the guide's troubleshooting list, run by `manage.py check`.

All run without `--deploy`, so that a plain `manage.py check` and `runserver` report them; those
about production look at `DEBUG`. `manage.py check --tag strawberry_django_realtime` runs these
alone, and `SILENCED_SYSTEM_CHECKS` silences one by its id. Imports the catalogue; the checks
themselves (and with them Strawberry and the ASGI application) are imported when they run.
"""

from __future__ import annotations

from typing import Any

from django.core import checks

from .catalogue import APP_LABEL, CATALOGUE, Fault

__all__ = ["CATALOGUE", "Fault", "check_project", "register_checks"]


def register_checks() -> None:
    """Register the checks with Django."""
    checks.register(check_project, APP_LABEL)


def check_project(app_configs: Any = None, **options: Any) -> list[checks.CheckMessage]:  # noqa: ARG001
    """Run every check and return what they found.

    Args:
        app_configs: the apps that `manage.py check` was given. The checks are about the whole
            project, and run when no app or this one was given.
        options: what else Django tells its checks.
    """
    if app_configs is not None and all(config.label != APP_LABEL for config in app_configs):
        return []
    from .routing import check_asgi_application
    from .settings import (
        check_allowed_hosts,
        check_channel_layers,
        check_options,
        check_routers,
        check_runserver,
    )

    return [
        *check_runserver(),
        *check_asgi_application(),
        *check_channel_layers(),
        *check_allowed_hosts(),
        *check_options(),
        *check_routers(),
    ]
