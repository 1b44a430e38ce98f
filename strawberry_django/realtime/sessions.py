"""Sessions and users as Django has them, on every transport.

Imports `request` and the ground modules only. Django's own `SessionMiddleware`
and `AuthenticationMiddleware` do the work, so that their settings (cookie names
and flags, `SECRET_KEY_FALLBACKS`, `SESSION_SAVE_EVERY_REQUEST`, expiry) mean what
they mean everywhere else in the project.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.middleware import SessionMiddleware

from .exceptions import WebSocketLoginError
from .request import no_view

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


class _WebSocketSession(SessionBase):
    """A session that cannot be logged in to, since no cookie can carry its new key.

    `django.contrib.auth.login` asks whether the session has a user before it
    changes anything (logging out does not ask): there we say no, and nothing has
    been lost.
    """

    def __contains__(self, key: object) -> bool:
        if key == SESSION_KEY:
            raise WebSocketLoginError
        contained: bool = super().__contains__(key)
        return contained

    async def ahas_key(self, key: str) -> bool:
        if key == SESSION_KEY:
            raise WebSocketLoginError
        contained: bool = await super().ahas_key(key)
        return contained


@cache
def _websocket_store(store: type[SessionBase]) -> type[SessionBase]:
    # Django salts the signature of session data with the name of the class.
    return type(store.__qualname__, (_WebSocketSession, store), {})


def open_session(request: HttpRequest, *, websocket: bool = False) -> None:
    """Give `request` its `session` and `user`, as Django's middleware does; lazily."""
    middleware = SessionMiddleware(no_view)
    if websocket:
        middleware.SessionStore = _websocket_store(middleware.SessionStore)
    middleware.process_request(request)
    AuthenticationMiddleware(no_view).process_request(request)


def _resolve(request: HttpRequest) -> None:
    """Load the user behind Django's lazy object, for `request.auser()` as well."""
    request.user.is_authenticated  # noqa: B018
    vars(request).setdefault("_acached_user", request.user)


async def resolve_user(request: HttpRequest) -> None:
    """Load the user of `request` now, so that synchronous resolvers may touch it.

    A request without the session cookie is anonymous without a query.
    """
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        await sync_to_async(_resolve)(request)
    else:
        _resolve(request)


def _must_save(request: HttpRequest) -> bool:
    return bool(request.session.modified or settings.SESSION_SAVE_EVERY_REQUEST)


async def close_session(request: HttpRequest, response: HttpResponseBase) -> None:
    """Save the session if a resolver changed it, and set or delete its cookie.

    Raises:
        SessionInterrupted: the session was deleted meanwhile (Django answers 400).
    """
    process = SessionMiddleware(no_view).process_response
    if _must_save(request):
        await sync_to_async(process)(request, response)
    else:
        process(request, response)
