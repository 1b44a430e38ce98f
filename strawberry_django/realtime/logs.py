"""What the log says of an error, and what the client is told.

Ground: imports nothing of its siblings.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.exceptions import PermissionDenied
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

logger = logging.getLogger("strawberry_django.realtime")

#: What a client can be wrong about, as exceptions.
_CLIENT_ERRORS = (
    GraphQLError,
    PermissionDenied,
    MissingQueryError,
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
)


class _ClientErrorFilter(logging.Filter):
    """Take the traceback away from what no line of the project is to blame for."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, _CLIENT_ERRORS):
            record.exc_info = None
        return True


_FILTER = _ClientErrorFilter()


def log_client_errors_briefly() -> None:
    """Log without a traceback that a value was wrong, or a permission refused.

    `strawberry.execution`, the logger of `Schema.process_errors`, shows the
    traceback of whatever an operation failed with. A client that sends a date which
    is none would fill the log with them. An exception of a resolver keeps its own.
    Once told, it holds for the whole process.
    """
    logging.getLogger("strawberry.execution").addFilter(_FILTER)


def internal_error(error: Exception, operation_name: str | None) -> GraphQLError:
    """Log `error`, and return what the client is told of it: all of it with `DEBUG` only."""
    logger.error("The operation %r failed", operation_name, exc_info=error)
    return GraphQLError(str(error) if settings.DEBUG else "Internal server error")
