"""Who may stay: telling every process that a user or a session has ended.

Imports none of its siblings. Django's own signals say when
somebody logs out, or a user is changed or deleted; the channel layer tells the
other processes. What no signal tells is found at the next look
(`session_revalidate_interval`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from ..waiting import within

logger = logging.getLogger("strawberry_django.realtime")

#: The group of the channel layer in which processes tell each other.
GROUP = "strawberry_django_realtime.revocation"

#: The `type` of their messages.
MESSAGE_TYPE = "strawberry_django_realtime.revoke"

#: The fields of a user that decide whether it may act.
_DECISIVE_FIELDS = frozenset({"is_active", "password"})

#: Seconds that the channel layer may take to tell the others, for a request waits for it. Whoever
#: is not told finds out at the next look (`session_revalidate_interval`). For some seconds after it
#: was too slow it has less time: one request, or one command, may save many users.
_TELL_TIMEOUT, _TELL_IN_HASTE, _HASTE = 1.0, 0.1, 10.0

#: Called in this process with each message and the consumer that caused it, from any thread.
local_receivers: set[Callable[[dict[str, Any], Any], None]] = set()

_sending: set[asyncio.Task[None]] = set()
_hasty_until = 0.0


def session_digest(session_key: str) -> str:
    """Return what stands for a session in a message: its key opens the session."""
    return sha256(session_key.encode()).hexdigest()


async def _send(message: dict[str, Any]) -> None:
    global _hasty_until
    hasty = time.monotonic() < _hasty_until
    try:
        layer = get_channel_layer()
        if layer is None:
            return
        async with within(_TELL_IN_HASTE if hasty else _TELL_TIMEOUT):
            await layer.group_send(GROUP, message)
    except Exception as error:
        if not hasty and isinstance(error, asyncio.TimeoutError):
            _hasty_until = time.monotonic() + _HASTE
        logger.warning("Other processes were not told of a revocation: %r", error)
    else:
        _hasty_until = 0.0


def _publish(message: dict[str, Any], by: Any) -> None:
    for receive in list(local_receivers):
        receive(message, by)


def _revoke(by: Any = None, using: str | None = None, **what: Any) -> None:
    """Tell this process and the others; inside a transaction of `using`, when it is committed."""
    message = {"type": MESSAGE_TYPE, **what}
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        transaction.on_commit(lambda: _publish(message, by), using=using)
        transaction.on_commit(lambda: async_to_sync(_send)(message), using=using)
    else:
        # A transaction belongs to a thread of synchronous code: here is none.
        _publish(message, by)
        task = asyncio.ensure_future(_send(message))
        _sending.add(task)
        task.add_done_callback(_sending.discard)


def disconnect_user(user: Any) -> None:
    """Close every open socket of `user`, in every process, with 4401.

    The user may connect again, if it still can log in. Safe in synchronous and in
    asynchronous code; inside a transaction, it happens at the commit.

    Args:
        user: a user, or its primary key.
    """
    using = getattr(getattr(user, "_state", None), "db", None)  # The database of a model instance.
    _revoke(using=using, user=str(getattr(user, "pk", user)), recheck=False)


def end_session(session_key: str, by: Any = None, using: str | None = None) -> None:
    """Close every open socket of a session, in every process, with 4401.

    Args:
        session_key: its key.
        by: the consumer that has ended it; its socket is left open for the answer.
        using: the database in whose transaction it has ended, if in one.
    """
    _revoke(by=by, using=using, session=session_digest(session_key))


def _on_logged_out(request: Any = None, user: Any = None, **_: Any) -> None:
    session_key = getattr(getattr(request, "session", None), "session_key", None)
    if session_key:
        end_session(session_key, by=getattr(request, "consumer", None))
    elif request is None and user is not None:
        # `channels.auth.logout` says neither which session, nor when it is gone.
        _revoke(user=str(user.pk), recheck=True, soon=True)


def _on_logged_in(request: Any = None, **_: Any) -> None:
    """End the session in whose place `login` has put another, for another user."""
    before = getattr(request, "COOKIES", {}).get(settings.SESSION_COOKIE_NAME)
    session = getattr(request, "session", None)
    if before and session is not None and session.session_key != before:
        end_session(before)


def _on_user_saved(
    instance: Any,
    created: bool,
    using: str,
    update_fields: frozenset[str] | None = None,
    **_: Any,
) -> None:
    if not created and (update_fields is None or _DECISIVE_FIELDS & update_fields):
        _revoke(using=using, user=str(instance.pk), recheck=True)


def _on_user_deleted(instance: Any, using: str, **_: Any) -> None:
    _revoke(using=using, user=str(instance.pk), recheck=False)


def connect_signals(*, session_auth: bool) -> None:
    """Listen to Django's signals; once, however often it is called.

    Args:
        session_auth: whether users come from Django's sessions. If not, the project need not have
            a user model, and where there is none nobody can leave.

    Raises:
        ImproperlyConfigured: Django is not set up, or has no user model.
    """
    if not apps.ready:
        raise ImproperlyConfigured(
            "GraphQL is routed before Django is set up. In your ASGI module call "
            "get_asgi_application() first; import the schema and build the router after it."
        )
    try:
        user_model = get_user_model()
    except ImproperlyConfigured:
        if session_auth:
            raise
        return
    uid = "strawberry_django_realtime"
    user_logged_in.connect(_on_logged_in, dispatch_uid=uid)
    user_logged_out.connect(_on_logged_out, dispatch_uid=uid)
    post_save.connect(_on_user_saved, sender=user_model, dispatch_uid=uid)
    post_delete.connect(_on_user_deleted, sender=user_model, dispatch_uid=uid)
