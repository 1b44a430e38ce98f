"""Of Django, Strawberry, graphql-core, asgiref and asyncio.

Ground: imports nothing of its siblings.
"""

# ruff: noqa: SLF001 - the rule that holds everywhere else

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import AsyncToSync, SyncToAsync
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.exception import convert_exception_to_response
from django.db import close_old_connections, reset_queries
from graphql import specified_rules
from strawberry.utils.aio import aclosing as aclosing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor

    from django.core.handlers.base import BaseHandler
    from django.dispatch import Signal
    from django.http import HttpRequest
    from django.middleware.csrf import CsrfViewMiddleware
    from strawberry.http.base import BaseView
    from strawberry.http.streaming import HTTPStreamTransport

T = TypeVar("T")


#: What Django itself does when a request begins or ends. On the event loop it finds nothing to
#: wait for: the connections of an operation are those of its threads.
_OF_DJANGO = frozenset({close_caches, close_old_connections, reset_queries, reset_urlconf})


_RULES = frozenset(specified_rules)


def origin_verified(middleware: CsrfViewMiddleware, request: HttpRequest) -> bool:
    """Tell whether Django takes the `Origin` of `request` for one of this site's."""
    return bool(middleware._origin_verified(request))


def load_no_middleware(handler: BaseHandler) -> None:
    """Have `handler` call its view with nothing around it, but answer exceptions."""
    handler._view_middleware = []
    handler._template_response_middleware = []
    handler._exception_middleware = []
    handler._middleware_chain = convert_exception_to_response(handler._get_response_async)


def only_django_listens(signal: Signal, sender: Any) -> bool:
    """Tell whether all that a signal of a request is sent to is Django's own, and never waits."""
    synchronous, asynchronous = signal._live_receivers(sender)
    return not asynchronous and _OF_DJANGO.issuperset(synchronous)


def closes_nothing_more(response: Any, request: HttpRequest) -> bool:
    """Tell whether the end of a response closes its request and nothing else, and no files."""
    return "_files" not in vars(request) and response._resource_closers == [request.close]


def note_handler(response: Any, handler: type[BaseHandler]) -> None:
    """Note who has made a response: its end is a signal, of which that is the sender."""
    response._handler_class = handler


def loaded_session_data(session: Any) -> dict[str, Any]:
    """Return what a session holds, if it has been read already."""
    data: dict[str, Any] = getattr(session, "_session_cache", {})
    return data


def give_session_data(session: Any, data: dict[str, Any]) -> None:
    """Spare a session its own query."""
    vars(session)["_session_cache"] = data


def give_async_user(request: HttpRequest) -> None:
    """Have `request.auser()` give the user that `request.user` is."""
    vars(request)["_acached_user"] = request.user


def give_executor(context: Any, executor: Executor) -> None:
    """Run the synchronous code inside a `ThreadSensitiveContext` in `executor`."""
    SyncToAsync.context_to_thread_executor[context] = executor


def take_executor(context: Any) -> None:
    """Take its executor from a `ThreadSensitiveContext`, which would start a thread to end it."""
    SyncToAsync.context_to_thread_executor.pop(context, None)


def current_sync_executor() -> Executor | None:
    """Return the thread that has called `async_to_sync` around us: there synchronous code runs."""
    return getattr(AsyncToSync.executors, "current", None)


def current_thread_context() -> Any:
    """Return the `ThreadSensitiveContext` that surrounds the running task, if one does."""
    return SyncToAsync.thread_sensitive_context.get(None)


def transport_of(view: BaseView[Any], protocol: str) -> HTTPStreamTransport | None:
    """Return the transport that streams over `protocol`, if a stream is what it is."""
    return view._get_stream_transport(protocol)


def executor_of_caller() -> Executor | None:
    """Return the executor of the thread that called `async_to_sync`, if one did."""
    executor: Executor | None = getattr(AsyncToSync.executors, "current", None)
    return executor


def run_in_executor_of_caller(executor: Executor | None) -> None:
    """Run the synchronous code of this context as if `executor` were the caller's."""
    if executor is not None:
        AsyncToSync.executors.current = executor


def async_thread() -> Executor:
    """Return the one thread in which synchronous code runs that no context surrounds."""
    return SyncToAsync.single_thread_executor


def outside_of_loop(function: Callable[[], T]) -> T:
    """Call `function` as if no event loop ran in this thread.

    With one, `django.db.connections` has not the thread's connections but those of the task.
    """
    loop = asyncio.get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return function()
    finally:
        asyncio._set_running_loop(loop)


def with_context(info: Any, context: Any) -> Any:
    """Return Strawberry's `info` with another context."""
    return type(info)(_raw_info=info._raw_info._replace(context=context), _field=info._field)


def reports_depths(rule: Any) -> bool:
    """Tell whether a rule is one of `QueryDepthLimiter`'s that calls the project back each time."""
    variables = inspect.getclosurevars(rule.__init__).nonlocals if rule not in _RULES else {}
    return variables.get("callback") is not None


def field_that_runs(thread: int) -> str | None:
    """Return the field whose resolver a thread runs now, as `Query.name`, if it runs one."""
    frame = sys._current_frames().get(thread)
    generator: str | None = None
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("graphql.execution."):
            path: Any = frame.f_locals.get("path")
            if getattr(path, "typename", None):
                return f"{path.typename}.{path.key}"
            if generator is not None:
                return generator
        is_generator = frame.f_code.co_flags & inspect.CO_ASYNC_GENERATOR
        code: Any = frame.f_code  # `co_qualname` has come with Python 3.11.
        generator = getattr(code, "co_qualname", code.co_name) if is_generator else None
        frame = frame.f_back
    return None


def stream_transport(view: BaseView[Any], headers: Mapping[str, str]) -> HTTPStreamTransport | None:
    """Return the transport that an `Accept` header asks for."""
    return view._get_stream_transport_from_headers(headers)


def check_batch(view: BaseView[Any], data: Any, transport: HTTPStreamTransport | None) -> None:
    """Refuse a batch that the schema does not allow, or that a stream cannot carry."""
    view._validate_batch_request(data, transport.protocol if transport else "http")
