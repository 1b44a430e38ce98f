"""What we rely on that is not public in Strawberry, Django, asgiref or a server.

Ground: imports `exceptions` only. `RELIED_ON` names each thing, and a test names those
that a new version has taken away. What begins with an underscore is touched by the functions
below and nowhere else; the other names are public in form, but documented nowhere.
"""

# ruff: noqa: SLF001 - the rule that holds everywhere else

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable, Collection, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import uuid4

from asgiref.sync import AsyncToSync, SyncToAsync
from channels.layers import InMemoryChannelLayer
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.exception import convert_exception_to_response
from django.db import close_old_connections, reset_queries
from graphql import specified_rules
from strawberry.utils.aio import aclosing as aclosing

from .exceptions import ChannelLayerError

Send = Callable[[dict[str, Any]], Awaitable[None]]

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

_DJANGO = "Django 5.2 to 6.1"
_STRAWBERRY = "strawberry-graphql 0.330.3 to 0.341"
_CHANNELS, _CHANNELS_REDIS = "Channels 4.3", "channels_redis 4.3"
_PROTOCOLS = "strawberry.subscriptions.protocols"


class Reliance(NamedTuple):
    """What a new version may take away: where it is, and which names, separated by spaces."""

    place: str
    names: str
    versions: str
    reason: str
    instead: str


RELIED_ON = (
    Reliance(
        "django.middleware.csrf:CsrfViewMiddleware",
        "_origin_verified",
        _DJANGO,
        reason="Django's rules on origins, without its token",
        instead="CSRF_TRUSTED_ORIGINS compared by us",
    ),
    Reliance(
        "django.core.handlers.base:BaseHandler",
        "_exception_middleware _get_response_async _middleware_chain "
        "_template_response_middleware _view_middleware resolve_request",
        _DJANGO,
        reason="a handler of one view, without the project's middleware",
        instead="django_middleware=True for everybody",
    ),
    Reliance(
        "django.core.handlers.asgi:ASGIHandler",
        "create_request handle listen_for_disconnect read_body send_response",
        _DJANGO,
        reason="a request that cannot be read, or is too long, has an answer; one that does "
        "nothing synchronous has no thread",
        instead="a handler of our own",
    ),
    Reliance(
        "django.dispatch.dispatcher:Signal",
        "_live_receivers",
        _DJANGO,
        reason="Django's own receivers of a request's signals need no thread",
        instead="two threads' work for each request",
    ),
    Reliance(
        "django.http.response:HttpResponseBase",
        "_handler_class _resource_closers",
        _DJANGO,
        reason="the end of a response is a signal; most have nothing to close",
        instead="a thread's work for each response",
    ),
    Reliance(
        "django.core.handlers.asgi",
        "get_script_prefix script_name",
        _DJANGO,
        reason="routing and `reverse()` know the prefix that Django's own pages have",
        instead="FORCE_SCRIPT_NAME and root_path compared by us",
    ),
    Reliance(
        "django.contrib.sessions.backends.base:SessionBase",
        "_session_cache",
        _DJANGO,
        reason="many sessions are read with one query",
        instead="one query for each session",
    ),
    Reliance(
        "django.contrib.auth.middleware",
        "_acached_user",
        _DJANGO,
        reason="`request.auser()` gives the user that is loaded already",
        instead="one more query in a resolver that calls it",
    ),
    Reliance(
        "django.utils.log",
        "log_response",
        _DJANGO,
        reason="a refusal is logged by us, and not again by Django",
        instead="two lines in the log",
    ),
    Reliance(
        "django.urls.resolvers:RegexPattern",
        "match regex",
        _DJANGO,
        reason="`url_pattern` matches as in `re_path`",
        instead="re.match",
    ),
    Reliance(
        "asgiref.sync",
        "AsyncToSync context_to_thread_executor thread_sensitive_context",
        "asgiref 3.9 to 3.13",
        reason="the synchronous code of a block runs in the threads of our pool",
        instead="ThreadSensitiveContext(executor=…), which has come with asgiref 3.13",
    ),
    Reliance(
        "asyncio",
        "_set_running_loop",
        "Python 3.10 to 3.14",
        reason="in a test of pytest's, the connection is that of the event loop's thread",
        instead="a fixture that every project must have",
    ),
    Reliance(
        "asgiref.sync:AsyncToSync",
        "executors",
        "asgiref 3.9 to 3.13",
        reason="in a test the application uses the thread, and so the connection, of the test",
        instead="transaction=True for every test",
    ),
    Reliance(
        "asgiref.sync:SyncToAsync",
        "single_thread_executor",
        "asgiref 3.9 to 3.13",
        reason="in a test the application uses the thread, and so the connection, of the test",
        instead="transaction=True for every test",
    ),
    Reliance(
        "graphql.pyutils:Path",
        "key typename",
        "graphql-core 3.2 to 3.3",
        reason="a resolver that holds up the event loop is named",
        instead="the duration alone, from asyncio's own debug mode",
    ),
    Reliance(
        "strawberry.http.base:BaseView",
        "_get_stream_transport _get_stream_transport_from_headers _validate_batch_request",
        _STRAWBERRY,
        reason="what Accept asks for, and whether a batch is allowed",
        instead="our own reading of Accept and of batching_config",
    ),
    Reliance(
        f"{_PROTOCOLS}.graphql_transport_ws.handlers:BaseGraphQLTransportWSHandler",
        "cleanup_operation connection_acknowledged operations",
        _STRAWBERRY,
        reason="the state of a connection and of its operations",
        instead="a handler of our own",
    ),
    Reliance(
        f"{_PROTOCOLS}.graphql_ws.handlers:BaseGraphQLWSHandler",
        "connection_acknowledged handle_async_results tasks",
        _STRAWBERRY,
        reason="the state of a legacy connection and of its operations",
        instead="a handler of our own",
    ),
    Reliance(
        "strawberry.http.streaming:SSETransport",
        "encode_complete encode_next heartbeat_message send_initial_heartbeat",
        _STRAWBERRY,
        reason="a stream begins before its first event, with lines that urql reads",
        instead="a transport of our own",
    ),
    Reliance(
        "strawberry.extensions.query_depth_limiter",
        "create_validator callback",
        _STRAWBERRY,
        reason="a depth limiter that calls the project back is asked for each operation",
        instead="no document of such a project is validated once",
    ),
    Reliance(
        "strawberry.types.execution:ExecutionContext",
        "graphql_document parse_options pre_execution_errors validation_rules",
        _STRAWBERRY,
        reason="an extension gives the document that was parsed before, and says that it is valid",
        instead="each document is parsed and validated for each operation",
    ),
    Reliance(
        "strawberry.types.info:Info",
        "_field _raw_info",
        _STRAWBERRY,
        reason="a shared subscription that is executed alone has no viewer either",
        instead="no protection where a schema is executed without a router",
    ),
    Reliance(
        "django.db.models.base:Model",
        "_base_manager _meta _state",
        _DJANGO,
        reason="documented in part: the primary key, the database of a row, a manager that hides "
        "no row, and a place for what we note of a row",
        instead="a payload that names both, and `_default_manager`",
    ),
    Reliance(
        "django.db.models.query:QuerySet",
        "_prefetch_related_lookups _result_cache query",
        _DJANGO,
        reason="what the optimizer has made of a queryset, for rows that were fetched already",
        instead="an optimizer that takes rows",
    ),
    Reliance(
        "strawberry.schema.schema:Schema",
        "_schema get_extensions",
        _STRAWBERRY,
        reason="a subscription knows its selection before its first event",
        instead="a hook of Strawberry's around `subscribe`",
    ),
    Reliance(
        "strawberry_django.optimizer",
        "optimizer DjangoOptimizerExtension",
        "strawberry-graphql-django 0.93",
        reason="the optimizer of the running operation, which leaves before the first event",
        instead="an optimizer that acts on events",
    ),
    Reliance(
        "strawberry.utils.aio",
        "aclosing",
        _STRAWBERRY,
        reason="closes a generator whose end may fail",
        instead="contextlib.aclosing and suppress",
    ),
    Reliance(
        "channels.layers:InMemoryChannelLayer",
        "channels",
        _CHANNELS,
        reason="a channel that has ended keeps nothing in the process",
        instead="a method of the layer that gives a channel back",
    ),
    Reliance(
        "channels_redis.core:RedisChannelLayer",
        "deserialize receive_buffer",
        _CHANNELS_REDIS,
        reason="a channel that has ended keeps nothing; a message that cannot be decoded is told "
        "from a failure of Redis",
        instead="a method of the layer that gives a channel back, and an exception of its own",
    ),
    Reliance(
        "channels_redis.pubsub:RedisPubSubChannelLayer",
        "deserialize",
        _CHANNELS_REDIS,
        reason="a message that cannot be decoded is told from a failure of Redis",
        instead="an exception of its own",
    ),
    Reliance(
        "daphne.server:Server",
        "create_application handle_reply",
        "Daphne 4.2",
        reason="its `send` never waits; the connection behind it can tell when it is full",
        instead="a `send` of Daphne's that waits",
    ),
    Reliance(
        "autobahn.exception",
        "PayloadExceededError",
        "Autobahn 24.4 to 26.10, under Daphne 4.2",
        reason="a frame over Daphne's limit is not taken for a client that has gone",
        instead="an error of Daphne's own, or no limit on what it sends",
    ),
    Reliance(
        "channels_redis.pubsub:RedisPubSubLoopLayer",
        "_get_group_channel_name _get_shard channels prefix",
        _CHANNELS_REDIS,
        reason="`consumer.channel_name` is there without waiting, as with Channels; a channel is "
        "given back, and not while the layer does so itself; a membership holds when it is told",
        instead="a channel for each socket, a method of the layer that gives it back, and a "
        "group_add that waits for Redis",
    ),
    Reliance(
        "twisted.internet.asyncioreactor:AsyncioSelectorReactor",
        "_asyncioEventloop",
        "Twisted 22.4 to 26, under Daphne 4.2",
        reason="tells whether Daphne's reactor runs the loop of our sockets",
        instead="ASGI's lifespan protocol, when Daphne has it",
    ),
)


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


def key_of_model(model: Any) -> Any:
    """Return the field that is the primary key of a model."""
    return model._meta.pk


def alias_of_row(row: Any) -> str | None:
    """Return the alias of the database that a model's instance was read from or written to."""
    alias: str | None = row._state.db
    return alias


def base_manager(model: Any) -> Any:
    """Return the manager of a model that Django itself finds related rows with: all of them."""
    return model._base_manager


def options_of(model: Any) -> Any:
    """Return what Django knows of a model."""
    return model._meta


def is_new_row(row: Any) -> bool:
    """Tell whether an instance was neither read nor saved yet."""
    return bool(row._state.adding)


def note_on_row(row: Any, name: str, note: Any) -> None:
    """Leave a note on an instance, from one of its signals to the next."""
    vars(row._state).setdefault("strawberry_django_notes", {})[name] = note


def take_note(row: Any, name: str) -> Any:
    """Take a note from an instance, if it has one of this name."""
    return vars(row._state).get("strawberry_django_notes", {}).pop(name, None)


def mark_row(row: Any, mark: Any) -> None:
    """Note something of a row."""
    row._state.strawberry_django_mark = mark


def mark_of_row(row: Any) -> Any:
    """Return what was noted of a row, if anything was."""
    return getattr(row._state, "strawberry_django_mark", None)


def fetched_rows(queryset: Any) -> list[Any] | None:
    """Return the rows of a queryset, if they were fetched already."""
    return queryset._result_cache  # type: ignore[no-any-return]


def joins_of(queryset: Any) -> tuple[str, ...]:
    """Return the relations that a queryset fetches in its own query."""

    def paths(relations: Any, prefix: str = "") -> Generator[str, None, None]:
        for name, below in sorted(relations.items()):
            yield prefix + name
            yield from paths(below, f"{prefix}{name}__")

    relations = queryset.query.select_related
    return tuple(paths(relations)) if isinstance(relations, dict) else ()


def prefetches_of(queryset: Any) -> tuple[Any, ...]:
    """Return what a queryset prefetches: names and `Prefetch` objects."""
    return tuple(queryset._prefetch_related_lookups)


def graphql_schema(schema: Any) -> Any:
    """Return graphql-core's schema of Strawberry's, or `None` of another kind of schema."""
    return getattr(schema, "_schema", None)


def strawberry_type(schema: Any, name: str) -> Any:
    """Return the Python class that a type of graphql-core's schema was made from, if one was."""
    return getattr(schema._strawberry_schema.get_type_by_name(name), "origin", None)


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


def _is_of(layer: Any, module: str) -> bool:
    return any(kind.__module__ == module for kind in type(layer).__mro__)


def channels_share_a_key(layer: Any) -> bool:
    """Tell whether one subscription takes the messages of all others of its process from Redis."""
    return _is_of(layer, "channels_redis.core")


def holds_channel(layer: Any, channel: str) -> bool | None:
    """Tell whether the pub/sub layer holds `channel`; `None` for another layer.

    It gives the channel back when a `receive` that waits is cancelled, and in no other way.
    """
    return channel in layer.channels if _is_pubsub(layer) else None


def forget_channel(layer: Any, channel: str) -> None:
    """Take what waits for a channel that has ended: nobody else ever does."""
    if channels_share_a_key(layer):
        layer.receive_buffer.pop(channel, None)
    elif isinstance(layer, InMemoryChannelLayer):
        layer.channels.pop(channel, None)


def is_undecodable(error: Exception) -> bool:
    """Tell whether a layer's `receive` has failed over one message, which it has taken already."""
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_name == "deserialize":
            return True
        traceback = traceback.tb_next
    return False


def pool_is_full(error: Exception) -> bool:
    """Tell whether redis-py has as many connections as `max_connections` allows."""
    return "too many connections" in str(error).lower()


class _Room:
    """A producer as Twisted has it (`IPushProducer`): told when a connection's buffer is full."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._free.set()
        self.wait = self._free.wait

    def pauseProducing(self) -> None:  # noqa: N802
        self._free.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._free.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._free.set()


def waiting_send(send: Send) -> Send:
    """Return a `send` for a WebSocket that waits while the client does not read.

    Daphne's never waits: whatever is sent grows its buffer. Autobahn's connection behind it
    tells a producer when the buffer is full, and when it is empty again.
    """
    server = getattr(getattr(send, "func", None), "__self__", None)
    if not type(server).__module__.startswith("daphne."):
        return send
    (connection,) = send.args  # type: ignore[attr-defined]
    room = _Room()
    # Before the handshake the connection was HTTP's, whose channel is still its producer.
    connection.unregisterProducer()
    connection.registerProducer(room, streaming=True)

    async def send_and_wait(message: dict[str, Any]) -> None:
        await send(message)
        if message["type"] == "websocket.send":
            await room.wait()

    return send_and_wait


def sends_in_any_task(send: Send) -> bool:
    """Tell whether `send` may be begun in one task and, where it must wait, be finished in another.

    Those of Uvicorn and Daphne wait for an event, and know nothing of the task that does. Other
    servers may have a timeout or a task group around it, which belong to one task.
    """
    server = getattr(send, "__self__", None) or getattr(
        getattr(send, "func", None), "__self__", None
    )
    return type(server).__module__.startswith(("uvicorn.protocols.websockets.", "daphne."))


class Resumed(Awaitable[None]):
    """The rest of a coroutine that was begun by hand, and has met something to wait for.

    Args:
        coroutine: it.
        waits_for: what it has yielded, which asyncio's own futures mean to be waited for.
    """

    def __init__(self, coroutine: Any, waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        with suppress(StopIteration):
            while True:
                yield from self._go_on()

    def _go_on(self) -> Generator[Any, Any, None]:
        try:
            answer = yield self._waits_for
        except BaseException as error:
            self._waits_for = self._coroutine.throw(error)
        else:
            self._waits_for = self._coroutine.send(answer)


def refused_as_too_long(error: Exception) -> bool:
    """Tell whether Daphne raised `error` because a frame is longer than it sends."""
    autobahn = sys.modules.get("autobahn.exception")
    return autobahn is not None and isinstance(error, autobahn.PayloadExceededError)


def name_channel(layer: Any) -> str:
    """Name a channel of `layer` at once, where Channels waits for `new_channel()`.

    The pub/sub layer would wait for Redis, and takes only channels that it knows into a group.

    Raises:
        ChannelLayerError: the layer has to be waited for, and is none that we know.
    """
    if _is_pubsub(layer):
        name = f"{layer.prefix}specific.{uuid4().hex}"
        layer.channels[name] = asyncio.Queue()
        return name
    making = layer.new_channel()
    try:
        making.send(None)
    except StopIteration as made:
        return str(made.value)
    making.close()
    raise ChannelLayerError(
        f"{type(layer).__qualname__} cannot name a channel without waiting. "
        "Use listen_to_channel(groups=…)."
    )


async def make_channel(layer: Any) -> str:
    """Make a channel of `layer`, and leave none behind where that fails.

    The pub/sub layer notes a channel before Redis has answered, and keeps it if Redis does not.
    """
    if not _is_pubsub(layer):
        return str(await layer.new_channel())
    name = name_channel(layer)
    try:
        await layer._get_shard(name).subscribe(name)
    except BaseException:
        layer.channels.pop(name, None)
        raise
    return name


async def confirm_memberships(layer: Any, groups: Collection[str]) -> None:
    """Wait until Redis has a process among those to whom it publishes what is sent to `groups`.

    The pub/sub layer sends a SUBSCRIBE and does not wait for its answer, so that what another
    connection publishes a moment later may be missed. Redis answers the commands of one connection
    in order: a channel that is subscribed to afterwards hears of itself only when they are done.
    """
    if not _is_pubsub(layer):
        return
    shards = {layer._get_shard(layer._get_group_channel_name(group)) for group in groups}
    while shards:
        name = f"{layer.prefix}specific.{uuid4().hex}"
        shard = layer._get_shard(name)
        if shard not in shards:
            continue
        shards.discard(shard)
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        layer.channels[name] = heard
        try:
            await shard.subscribe(name)
            await shard.publish(name, b"")
            await heard.get()
        finally:
            del layer.channels[name]
            await shard.unsubscribe(name)


def enrol_channel(layer: Any, name: str) -> None:
    """Have `layer.receive(name)`, which must follow at once, subscribe to a channel of that name.

    The pub/sub layer does so where it does not know the channel.
    """
    if _is_pubsub(layer):
        layer.channels.pop(name, None)


def _is_pubsub(layer: Any) -> bool:
    return _is_of(layer, "channels_redis.pubsub")


def before_daphne_stops(
    loop: asyncio.AbstractEventLoop, last: Callable[[], Awaitable[None]]
) -> None:
    """Have Twisted's reactor await `last` before it shuts down, if `loop` is run by it.

    Uvicorn and Hypercorn cancel what serves a socket when they stop. Daphne means to, and
    fails over any connection that became a WebSocket (`KeyError` in its
    `kill_all_applications`); so its clients would see a broken connection.
    """
    reactor: Any = sys.modules.get("twisted.internet.reactor")
    if getattr(reactor, "_asyncioEventloop", None) is not loop:
        return
    from twisted.internet.defer import Deferred

    def stop() -> Deferred[None]:
        return Deferred.fromFuture(asyncio.ensure_future(last(), loop=loop))

    reactor.addSystemEventTrigger("before", "shutdown", stop)
