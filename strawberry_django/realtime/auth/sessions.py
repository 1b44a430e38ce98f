"""Sessions and users as Django has them, on every transport.

Imports `revocation`, `request` and the ground modules only. Django's own `SessionMiddleware`
and `AuthenticationMiddleware` do the work, so that their settings (cookie names
and flags, `SECRET_KEY_FALLBACKS`, `SESSION_SAVE_EVERY_REQUEST`, expiry) mean what
they mean everywhere else in the project.
"""

from __future__ import annotations

import inspect
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user, get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.cached_db import SessionStore as CachedDatabaseStore
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import Error as DatabaseError
from django.db.models.signals import post_delete
from django.http import HttpRequest
from django.utils import timezone

from .._upstream.frameworks import give_async_user, give_session_data
from ..exceptions import WebSocketLoginError
from ..request import no_view
from .revocation import end_session

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import FrameType

    from django.http.response import HttpResponseBase


def _is_login(asked: FrameType | None) -> bool:
    """Tell whether `asked` is called by `login` or `alogin`, which have no hook of their own."""
    frame = asked and asked.f_back
    if frame is None:
        return False
    module = frame.f_globals.get("__name__")
    return frame.f_code.co_name in {"login", "alogin"} and module in {
        "channels.auth",
        "django.contrib.auth",
    }


class _AnnouncedSession(SessionBase):
    """A session whose end is told to the sockets that it has let in."""

    consumer: Any = None

    def flush(self) -> None:
        """Tell that it ends, and end it; `channels.auth.logout` does no more than this."""
        self._announce()
        super().flush()

    async def aflush(self) -> None:
        """Do as `flush`."""
        self._announce()
        await super().aflush()

    def _announce(self) -> None:
        if self.session_key:
            end_session(self.session_key, by=self.consumer)


class _WebSocketSession(_AnnouncedSession):
    """A session whose key stays, since no cookie can carry a new one to the client.

    `login` of Django and of Channels asks whether the session has a user before
    it changes anything: there it is refused, and nothing has been lost. Anybody
    else who asks is answered. A session signed with one of `SECRET_KEY_FALLBACKS` is given its
    new key by the next HTTP request.
    """

    def cycle_key(self) -> None:
        """Keep the key."""

    def __contains__(self, key: object) -> bool:
        if key == SESSION_KEY and _is_login(inspect.currentframe()):
            raise WebSocketLoginError
        contained: bool = super().__contains__(key)
        return contained

    async def ahas_key(self, key: str) -> bool:
        if key == SESSION_KEY and _is_login(inspect.currentframe()):
            raise WebSocketLoginError
        contained: bool = await super().ahas_key(key)
        return contained


class _ObservedSession(SessionBase):
    """A session that is only looked at: Django would flush one whose user has changed."""

    def cycle_key(self) -> None:
        """Keep the key."""

    def flush(self) -> None:
        """Keep the session."""


@cache
def _derived_store(base: Any, store: Any) -> type[SessionBase]:
    # Django salts the signature of session data with the name of the class.
    return type(store.__qualname__, (base, store), {})


def open_session(request: HttpRequest, *, websocket: bool = False) -> None:
    """Give `request` its `session` and `user`, as Django's middleware does; lazily."""
    _session_middleware(settings.SESSION_ENGINE, websocket).process_request(request)
    request.session.consumer = getattr(request, "consumer", None)
    _authentication_middleware().process_request(request)
    if not has_session_cookie(request):
        # As Django would find by asking a session that is empty.
        request.user = _anonymous_user()
        request.session.accessed = True  # The answer is for who has no cookie (`Vary`).


def _anonymous_user() -> Any:
    from django.contrib.auth.models import AnonymousUser

    return AnonymousUser()


@cache
def _session_middleware(engine: str, websocket: bool) -> SessionMiddleware:  # noqa: ARG001
    """Return Django's middleware, with sessions of ours around the engine of the settings."""
    middleware = SessionMiddleware(no_view)
    kind: Any = _WebSocketSession if websocket else _AnnouncedSession
    middleware.SessionStore = _derived_store(kind, middleware.SessionStore)
    return middleware


@cache
def _authentication_middleware() -> Any:
    # It imports models; ours may be imported before `get_asgi_application()`, as Channels' may.
    from django.contrib.auth.middleware import AuthenticationMiddleware

    return AuthenticationMiddleware(no_view)


def _resolve(request: HttpRequest) -> None:
    """Load the user behind Django's lazy object, for `request.auser()` as well."""
    request.user.is_authenticated  # noqa: B018
    give_async_user(request)


def has_session_cookie(request: HttpRequest) -> bool:
    """Tell whether a request names a session; without one it is anonymous without a question."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES


async def resolve_user(request: HttpRequest) -> None:
    """Load the user of `request` now, so that synchronous resolvers may touch it.

    A request without the session cookie is anonymous without a query.
    """
    if has_session_cookie(request):
        await sync_to_async(_resolve)(request)
    else:
        _resolve(request)


async def refresh_user(request: HttpRequest) -> None:
    """Load the user of `request` anew, with the permissions that it has now."""
    user: Any = vars(request).get("user")
    if user is None or not user.is_authenticated:
        return

    def load() -> Any:
        fresh = get_user_model().objects.filter(pk=user.pk).first()
        if fresh is not None and hasattr(user, "backend"):
            fresh.backend = user.backend
        return fresh

    request.user = await sync_to_async(load)() or user
    give_async_user(request)


def _must_save(request: HttpRequest) -> bool:
    return bool(request.session.modified or settings.SESSION_SAVE_EVERY_REQUEST)


async def close_session(request: HttpRequest, response: HttpResponseBase) -> None:
    """Save the session if a resolver changed it, and set or delete its cookie.

    Raises:
        SessionInterrupted: the session was deleted meanwhile (Django answers 400).
    """
    process = _session_middleware(settings.SESSION_ENGINE, websocket=False).process_response
    if _must_save(request):
        await sync_to_async(process)(request, response)
    else:
        process(request, response)


@cache
def hear_of_deleted_sessions() -> None:
    """Listen for sessions that are deleted from the database, by whatever code.

    In a process that serves requests only: with a listener Django fetches each session that it
    deletes, and `clearsessions` deletes many.
    """
    store = SessionMiddleware(no_view).SessionStore
    if issubclass(store, DatabaseStore):
        with suppress(RuntimeError):  # Its model's app is not installed.
            model = store.get_model_class()
            post_delete.connect(_on_session_deleted, sender=model, dispatch_uid=__name__)


def _on_session_deleted(instance: Any, using: str, **_: Any) -> None:
    if instance.expire_date > timezone.now():
        end_session(instance.session_key, using=using)


def users_of_sessions(keys: Collection[str]) -> dict[str, Any]:
    """Return the primary key of each session's user as of now; `None` where there is none.

    A session counts as Django counts it: stored, not expired, its user in the
    database and allowed in by the authentication backend, its hash that of the
    user's password. Where the backend fails for one user, its error stands there.
    Sessions in the database are read with one query for all; each user is one more.
    """
    kind: Any = _ObservedSession
    store = _derived_store(kind, SessionMiddleware(no_view).SessionStore)
    stored = _stored_sessions(store, keys)
    users: dict[str, Any] = {}
    for key in keys:
        request = HttpRequest()
        session = request.session = store(key)
        if stored is not None:
            give_session_data(session, stored.get(key, {}))
        try:
            user = get_user(request)
            users[key] = user.pk if user.is_authenticated else None
        except DatabaseError:
            raise
        except Exception as error:  # A backend's fault about one user is not another's.
            users[key] = error
    return users


def _stored_sessions(
    store: type[SessionBase], keys: Collection[str]
) -> dict[str, dict[str, Any]] | None:
    """Read sessions of Django's database backend at once; other backends one by one."""
    if not issubclass(store, DatabaseStore) or issubclass(store, CachedDatabaseStore):
        return None
    rows = store.get_model_class().objects.filter(
        session_key__in=keys, expire_date__gt=timezone.now()
    )
    decode = store().decode
    return {row.session_key: decode(row.session_data) for row in rows}


def active_users(keys: Collection[Any]) -> set[Any]:
    """Return those of the users' primary keys whose user exists and is active."""
    users = get_user_model().objects.filter(pk__in=keys)
    return {user.pk for user in users if user.is_active}
