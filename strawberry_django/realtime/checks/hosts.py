"""Which hosts and origins are let in: `ALLOWED_HOSTS`.

Imports the messages and Django's settings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.conf import settings

from .messages import found

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

_HOST_NAME = re.compile(r"\*|\.?[^/:\[\]]+|\[[0-9a-fA-F:.]+\]")


def in_production() -> bool:
    """Tell whether the site is meant for others: `DEBUG` is off, and no tests run.

    Django's test runner switches `DEBUG` off and adds "testserver" to `ALLOWED_HOSTS`.
    """
    return not settings.DEBUG and "testserver" not in settings.ALLOWED_HOSTS


def check_allowed_hosts() -> list[CheckMessage]:
    """Report an `ALLOWED_HOSTS` that refuses everybody, admits everybody or matches nothing."""
    hosts = list(settings.ALLOWED_HOSTS)
    messages = [
        found(
            "W012",
            f"ALLOWED_HOSTS has {host!r}, which matches no request and no WebSocket origin: "
            "an entry is a host name, without scheme, port or path.",
        )
        for host in hosts
        if not _HOST_NAME.fullmatch(str(host))
    ]
    if in_production() and not hosts:
        messages.append(
            found(
                "E009",
                "ALLOWED_HOSTS is empty and DEBUG is False: every request is answered with 400, "
                "and every WebSocket is refused.",
            )
        )
    if in_production() and "*" in hosts:
        messages.append(
            found(
                "W011",
                'ALLOWED_HOSTS holds "*" and DEBUG is False: a page of any site may open a '
                "WebSocket with its visitor's session.",
            )
        )
    return messages
