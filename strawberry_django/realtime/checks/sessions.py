"""Whether the session that GraphQL reads is there: apps, middleware and cookie.

Imports the messages and Django.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

from .messages import found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.checks import CheckMessage

    from .application import Endpoint

_ENGINES_WITH_A_TABLE = frozenset(
    {"django.contrib.sessions.backends.db", "django.contrib.sessions.backends.cached_db"}
)
_MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)


def check_sessions(with_session: Sequence[Endpoint]) -> list[CheckMessage]:
    """Report what keeps GraphQL from finding the user whom Django logged in.

    Args:
        with_session: the endpoints that take their user from the session.
    """
    if not with_session:
        return []
    return _check_apps() or [*_check_middleware(), *_check_cookie_path(with_session)]


def _check_apps() -> list[CheckMessage]:
    needed = ["django.contrib.auth"]
    if settings.SESSION_ENGINE in _ENGINES_WITH_A_TABLE:
        needed.append("django.contrib.sessions")
    names = " and ".join(name for name in needed if not apps.is_installed(name))
    if not names:
        return []
    return [found("E012", f"GraphQL reads the session's user; INSTALLED_APPS lacks {names}.")]


def _check_middleware() -> list[CheckMessage]:
    present = [_imported(path) for path in settings.MIDDLEWARE]
    classes = [each for each in present if isinstance(each, type)]
    names = " and ".join(
        path
        for path in _MIDDLEWARE
        if not any(issubclass(each, import_string(path)) for each in classes)
    )
    if not names:
        return []
    return [found("W007", f"GraphQL reads the session; MIDDLEWARE lacks {names}.")]


def _imported(path: str) -> object:
    try:
        return import_string(path)
    except ImportError:
        return None  # Django itself says so when it serves the first request.


def _check_cookie_path(with_session: Sequence[Endpoint]) -> list[CheckMessage]:
    cookie_path = settings.SESSION_COOKIE_PATH or "/"
    patterns = {each.pattern for each in with_session}
    return [
        found(
            "W008",
            f"SESSION_COOKIE_PATH is {cookie_path!r}, so browsers do not send the session cookie "
            f"to GraphQL at {pattern!r}: its users are anonymous.",
        )
        for pattern in sorted(patterns)
        if not _covers(cookie_path, pattern)
    ]


def _covers(cookie_path: str, pattern: str) -> bool:
    """Tell whether a path that `pattern` matches can be under `cookie_path`.

    Source: RFC 6265, section 5.1.4.
    """
    literal = takewhile(
        lambda letter: letter.isalnum() or letter in "-_/", pattern.replace("^", "")
    )
    path = "/" + "".join(literal).strip("/") + "/"
    cookie_path = cookie_path.rstrip("/") + "/"
    return path.startswith(cookie_path) or cookie_path.startswith(path)
