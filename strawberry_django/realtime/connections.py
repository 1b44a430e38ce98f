"""The database connections of a thread that many operations share.

Ground: imports nothing of its siblings. Django looks after connections at the beginning and the end
of a request; here that is done whenever a thread is lent and given back.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from django.core import mail
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger("strawberry_django.realtime")

#: Seconds after which a thread without work closes the connections whose `CONN_MAX_AGE` is over,
#: and ends if it has none left. `CONN_MAX_AGE = 0` means this long: an event opens no connection.
IDLE = 1.0


def _open_connections() -> list[Any]:
    initialised = connections.all(initialized_only=True)
    return [connection for connection in initialised if connection.connection is not None]


def _close(connection: Any) -> None:
    """Close a connection, in whatever state it is; also one to a database in memory."""
    try:
        BaseDatabaseWrapper.close(connection)
    except Exception as error:
        logger.warning("A database connection could not be closed: %r", error)


def give_up_connections() -> None:
    """Close the current thread's connections while tests run; else they stay for the next call.

    A test database is flushed after each test and dropped in the end, and pytest-django lets only
    some tests use it: what a thread keeps open would get in the way.
    """
    if hasattr(mail, "outbox"):  # Django's setup_test_environment() makes it.
        for connection in _open_connections():
            _close(connection)


def must_stay() -> bool:
    """Tell whether the current thread has a transaction or a server-side cursor open.

    A database that the project has added during the call is not looked after yet.
    """
    return any(
        connection.in_atomic_block
        or getattr(connection, "realtime_cursors", ())
        or not connection.autocommit
        for connection in _open_connections()
    )


def abandon_connections() -> None:
    """Close the current thread's connections, and roll back what is open in them."""
    for connection in connections.all(initialized_only=True):
        if connection.connection is not None:
            with suppress(Exception):  # It may be closed or broken, and then nothing is open.
                connection.connection.rollback()
            _close(connection)
        # An atomic block that nobody leaves would refuse every later connection.
        del connections[connection.alias]


def refresh_connections(unused: float) -> None:
    """Make the current thread's connections fit for use, as Django does for a request.

    A connection that nobody has used for a while is asked for a sign of life, whatever
    `CONN_HEALTH_CHECKS` says: the database may have closed it, and a subscription would end.
    """
    close_old_connections()
    for connection in connections.all():
        if not hasattr(connection, "realtime_cursors"):
            _track_cursors(connection)
        connection.health_check_done = False
        connection.queries_log.clear()  # Of `DEBUG`: those of another operation.
        if connection.connection is None:
            continue
        if (unused > IDLE or connection.errors_occurred) and not connection.is_usable():
            _close(connection)
        connection.errors_occurred = False


def close_old_connections() -> bool:
    """Close the connections whose `CONN_MAX_AGE` is over; tell whether any is left open."""
    for connection in _open_connections():
        if connection.close_at is not None and time.monotonic() > connection.close_at + IDLE:
            _close(connection)
    return bool(_open_connections())


def _track_cursors(connection: Any) -> None:
    """Note which cursors of `QuerySet.iterator()` are open.

    Django reads such a queryset in several calls, which must share the connection, and closes its
    cursor at the end.
    """
    cursors = connection.realtime_cursors = WeakSet()
    make = connection.chunked_cursor

    def chunked_cursor() -> Any:
        cursor = make()
        close = cursor.close
        cursors.add(cursor)

        def close_and_forget() -> None:
            cursors.discard(cursor)
            close()

        cursor.close = close_and_forget
        return cursor

    connection.chunked_cursor = chunked_cursor
