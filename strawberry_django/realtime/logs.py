"""What the log says of an error, and what the client is told.

Ground: imports `exceptions` only.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.exceptions import PermissionDenied
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from .exceptions import FrameTooLongError

logger = logging.getLogger("strawberry_django.realtime")

#: What a client can be wrong about, as exceptions.
_CLIENT_ERRORS = (
    GraphQLError,
    PermissionDenied,
    MissingQueryError,
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
)


#: How asgiref begins to refuse `async_to_sync` on the event loop, where a plain resolver runs.
_ASYNC_TO_SYNC = "You cannot use AsyncToSync"

_AWAIT_INSTEAD = (
    "async_to_sync was called in a plain resolver, which runs on the event loop and must not wait "
    "there. Make the resolver `async def` and await what you called: `await layer.group_send(…)`. "
    "Or make its field with strawberry_django (`@strawberry_django.mutation`): it runs in a thread."
)


class _ExecutionFilter(logging.Filter):
    """Take the traceback away from what no line of the project is to blame for.

    And say what to write where asgiref does not: the error is also what the client is told.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, _CLIENT_ERRORS):
            record.exc_info = None
        elif isinstance(record.msg, GraphQLError) and str(error).startswith(_ASYNC_TO_SYNC):
            record.msg.message = _AWAIT_INSTEAD
        return True


_FILTER = _ExecutionFilter()


def log_client_errors_briefly() -> None:
    """Log without a traceback that a value was wrong, or a permission refused.

    It also explains the error of `async_to_sync` in a plain resolver.

    `strawberry.execution`, the logger of `Schema.process_errors`, shows the
    traceback of whatever an operation failed with. A client that sends a date which
    is none would fill the log with them. An exception of a resolver keeps its own.
    Once told, it holds for the whole process.
    """
    logging.getLogger("strawberry.execution").addFilter(_FILTER)


def on_one_line(text: str) -> str:
    """Return what a client sent as the log may have it: no line of its own making.

    As Django writes a request's path (`django.utils.log.log_message`, CVE-2025-48432).
    """
    return text.encode("unicode_escape").decode("ascii")


def internal_error(error: BaseException, operation_name: str | None) -> GraphQLError:
    """Log `error`, and return what the client is told of it: all of it with `DEBUG` only."""
    logger.error("The operation %r failed", operation_name, exc_info=error)
    return GraphQLError(str(error) or repr(error) if settings.DEBUG else "Internal server error")


def unsent(error: Exception) -> GraphQLError:
    """Return what the client is told in place of an error that cannot be sent.

    It is too long for the server, or its `extensions` hold what JSON has not.
    """
    if isinstance(error, FrameTooLongError):
        return GraphQLError(str(error))
    return internal_error(error, None)
