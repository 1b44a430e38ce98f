"""Each thing that a new version may take away.

Ground: imports nothing.
"""

from __future__ import annotations

from typing import NamedTuple

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
        "deserialize hosts prefix receive_buffer",
        _CHANNELS_REDIS,
        reason="a channel that has ended keeps nothing; a message that cannot be decoded is told "
        "from a failure of Redis",
        instead="a method of the layer that gives a channel back, and an exception of its own",
    ),
    Reliance(
        "channels_redis.pubsub:RedisPubSubChannelLayer",
        "_args _kwargs deserialize serialize",
        _CHANNELS_REDIS,
        reason="a message that cannot be decoded is told from a failure of Redis; its hosts are "
        "asked without it",
        instead="an exception of its own, and a public way to its hosts",
    ),
    Reliance(
        "channels_redis.utils",
        "_close_redis _consistent_hash _wrap_close create_pool decode_hosts",
        _CHANNELS_REDIS,
        reason="histories lie in the Redis that the layer is configured with, and publish_sync "
        "needs no event loop",
        instead="History(redis_url=…) for everybody, and an event loop for publish_sync",
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
