"""What both consumers are: options, the context, and an ear on the channel layer.

Imports `auth`, `pubsub` and the ground modules; both transports stand on it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from strawberry.http.typevars import Context, RootValue

from . import encoding
from .auth.revocation import connect_signals
from .auth.sessions import hear_of_deleted_sessions
from .conf import DEFAULTS, OperationRequest, RealtimeOptions, resolve_options
from .documents import remembering
from .logs import log_client_errors_briefly
from .pubsub.listener import ChannelListener
from .pubsub.selection import note_selections
from .threads import OperationThread, pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from strawberry.schema import BaseSchema
    from typing_extensions import Unpack

    from .exceptions import ListenerOverflowError
    from .interfaces import Application, Receive, Send
    from .pubsub.messages import Message
    from .request import GraphQLRequest


def _maker(consumer_class: Any, given: Mapping[str, Any]) -> Callable[[], Any]:
    """Return what makes consumers that can make others like them."""

    def make() -> Any:
        consumer = consumer_class(**given)
        consumer.make = make
        return consumer

    return make


def _never_called(consumer_class: type) -> Mapping[str, str]:
    return getattr(consumer_class, "never_called", {})


class GraphQLConsumer(Generic[Context, RootValue]):
    """The part of a GraphQL consumer that does not depend on the transport.

    Args:
        schema: the Strawberry schema to serve.
        options: see `RealtimeOptions`.

    Attributes:
        schema: the Strawberry schema.
        executed_schema: the same, which knows the documents that it has executed.
        channel_layer_alias: the layer in `CHANNEL_LAYERS` to listen on.
        request: the Django request: of the HTTP request, or of the handshake.
        scope: the ASGI scope.
    """

    channel_layer_alias = "default"
    request: GraphQLRequest
    scope: dict[str, Any]

    #: Makes another one like it.
    make: Callable[[], Any] | None = None

    #: Methods of Channels' consumers that nobody calls here, with what to override instead.
    never_called: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Refuse a method that Channels would call, and nobody calls here.

        Raises:
            TypeError: with what to do instead.
        """
        super().__init_subclass__(**arguments)
        inherited = {k: v for base in cls.__bases__ for k, v in _never_called(base).items()}
        for name in inherited.keys() & vars(cls).keys():
            raise TypeError(f"{cls.__qualname__}.{name} would never be called: {inherited[name]}")

    def __init__(self, schema: BaseSchema, **options: Unpack[RealtimeOptions]) -> None:
        self.schema = schema
        # `as_asgi` has resolved them once for all that it serves.
        complete = len(options) == len(DEFAULTS)
        self.options = options if complete else resolve_options(options)
        self.executed_schema = remembering(schema, self.options["document_cache_bytes"])
        self.protocols = self.options["subscription_protocols"]

    @classmethod
    def as_asgi(cls, *, schema: BaseSchema, **keywords: Any) -> Application:
        """Return the ASGI application that gives each request or socket a consumer of its own.

        Args:
            schema: the Strawberry schema to serve.
            keywords: options (see `RealtimeOptions`), and what a subclass takes beside them.

        Raises:
            TypeError: an option does not exist or has a value of a wrong type, or the subclass
                does not take a keyword.
        """
        options = resolve_options({n: v for n, v in keywords.items() if n in DEFAULTS})
        own = {name: value for name, value in keywords.items() if name not in DEFAULTS}
        given = {"schema": schema, **options, **own}
        make = _maker(cls, given)
        if own:
            make()  # What is misspelt is an error now, and not at the first request.
        pool.configure(options)
        note_selections(schema)
        log_client_errors_briefly()
        connect_signals(session_auth=options["session_auth"])
        serve = cls._serving(make, options)

        async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
            hear_of_deleted_sessions()
            await serve(scope, receive, send)

        application.consumer_class = cls  # type: ignore[attr-defined]
        application.consumer_initkwargs = given  # type: ignore[attr-defined]
        return application

    @classmethod
    def _serving(cls, make: Callable[[], Any], options: RealtimeOptions) -> Application:
        """Return what serves each request or socket with a consumer that `make` returns."""
        raise NotImplementedError

    def for_many(self) -> GraphQLConsumer[Context, RootValue]:
        """Return a consumer of the same kind that serves nobody: a shared subscription has it."""
        if self.make is None:
            return type(self)(self.schema, **self.options)
        consumer: GraphQLConsumer[Context, RootValue] = self.make()
        return consumer

    async def get_shared_context(self, audience: Any) -> Any:  # noqa: ARG002
        """Return the context of a shared subscription; override to add to it.

        The consumer that is asked has no request. A plain dict becomes a `SharedContext`, which
        has the `audience` as well.

        Args:
            audience: what all who share the execution have in common.
        """
        return {}

    def operation_thread(self) -> OperationThread:
        """Return the block in which an operation's synchronous code borrows threads."""
        return OperationThread(self.request, self.options["enter_thread"])

    async def get_context(self, request: GraphQLRequest, response: Any) -> Any:
        """Return the context of one operation; override to add to it.

        A plain dict becomes a `GraphQLContext`. Anything that lives as long as an
        operation (data loaders) is made here.

        Args:
            request: the Django request.
            response: over HTTP, the response to set headers, cookies or a status
                on; over WebSocket, the consumer.
        """
        raise NotImplementedError

    async def get_root_value(self, request: GraphQLRequest) -> Any:  # noqa: ARG002
        """Return the root value of an operation; override to have one."""
        return None

    async def on_connect(self, context: Any) -> dict[str, Any] | None:
        """Judge who connects, before anything is executed; override, or give the option.

        Over WebSocket it is called once, with the `connection_params` of the
        client's `connection_init`; over HTTP, for each request. It may set
        `context.request.user` (from a token in `connection_params`, or in
        `context.request.headers`).

        Returns:
            Over WebSocket, the payload of `connection_ack`; `None` for none.

        Raises:
            ConnectionRejectionError: to refuse: close code 4403, or status 403.
        """
        hook = self.options["on_connect"]
        return None if hook is None else await hook(context)

    async def on_operation(self, context: Any, operation: OperationRequest) -> None:
        """Judge an operation before it is executed; override, or give the option.

        Raises:
            GraphQLError: to refuse it; the client receives the error.
        """
        hook = self.options["on_operation"]
        if hook is not None:
            await hook(context, operation)

    def encode_json(self, data: object) -> str | bytes:
        """Encode what is sent to the client; dates, decimals and UUIDs as Django does."""
        return encoding.encode(data)

    @property
    def channel_layer(self) -> Any:
        """The channel layer that this consumer listens on.

        Raises:
            ChannelLayerError: `CHANNEL_LAYERS` has none of this alias.
        """
        return self._listener.layer

    @property
    def channel_name(self) -> str:
        """The name of the consumer's own channel, for `group_add` and `send` of the layer.

        From the first time that it is read, `listen_to_channel` receives by this channel: a
        message reaches every listener of its type, through whatever group it came, and once.

        Raises:
            ChannelLayerError: there is no layer, or this is synchronous code in a thread.
        """
        return self._listener.channel_name

    def listen_to_channel(
        self,
        type: str,
        *,
        timeout: float | None = None,
        groups: Sequence[str] = (),
    ) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        """Receive channel-layer messages in a resolver, over any transport.

        Messages that are sent after the block is entered are not missed.

        Args:
            type: the `"type"` of the messages to receive.
            timeout: seconds to wait for each message before the iteration ends;
                `None` waits for ever.
            groups: the groups to be a member of inside the block.

        Returns:
            An asynchronous context manager that gives an asynchronous iterator
            of the messages.

        Raises:
            ChannelLayerError: there is no layer, or it failed while listening.
            ListenerOverflowError: more messages wait than `listener_capacity`.
        """
        return self._listener.listen(type, timeout=timeout, groups=groups)

    @cached_property
    def _listener(self) -> ChannelListener:
        return ChannelListener(
            self.channel_layer_alias,
            self.options["listener_capacity"],
            self.options["slow_consumer"],
            self.fell_behind,
        )

    def fell_behind(self, error: ListenerOverflowError) -> None:
        """Note that a subscription has ended because it was too slow."""

    async def _stop_listening(self) -> None:
        if "_listener" in self.__dict__:
            await self._listener.aclose()

    def _adopt_scope_auth(self) -> None:
        """Take the session and the user that a middleware around us put into the scope."""
        for name in ("session", "user"):
            if name in self.scope:
                setattr(self.request, name, self.scope[name])
