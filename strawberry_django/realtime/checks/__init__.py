"""System checks: the guide's troubleshooting list, run by `manage.py check`.

All run without `--deploy`, so that a plain `manage.py check` and `runserver` report them; those
about production look at `DEBUG`. `manage.py check --tag strawberry_django_realtime` runs these
alone, and `SILENCED_SYSTEM_CHECKS` silences one by its id. Imports the catalogue; the checks
themselves (and with them Strawberry and the ASGI application) are imported when they run.
"""

from __future__ import annotations

from typing import Any

from .catalogue import APP_LABEL, CATALOGUE, Fault, Messages

__all__ = ["CATALOGUE", "Fault", "check_project"]


def check_project(app_configs: Any = None, **options: Any) -> Messages:  # noqa: ARG001
    """Run every check and return what they found.

    They are about the whole project: they run when `manage.py check` was given no app or this one.
    """
    if app_configs is not None and all(config.label != APP_LABEL for config in app_configs):
        return []
    from . import application, settings

    return [
        *settings.check_runserver(),
        *application.check_asgi_application(),
        *settings.check_channel_layers(),
        *settings.check_allowed_hosts(),
        *settings.check_options(),
        *settings.check_routers(),
    ]
