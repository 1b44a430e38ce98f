"""What both consumers are: options, the context, and an ear on the channel layer.

Imports `pubsub` and the ground modules; both transports stand on it.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder

from .conf import DEFAULTS, OperationRequest, RealtimeOptions, resolve_options
from .pubsub.listener import ChannelListener
from .threads import OperationThread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from strawberry.schema import BaseSchema
    from typing_extensions import Unpack

    from .exceptions import ListenerOverflowError
    from .pubsub.member import Message
    from .request import GraphQLRequest


def _is_unicode(text: str) -> bool:
    """Tell whether `text` can be sent as UTF-8."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


class GraphQLConsumer:
    """The part of a GraphQL consumer that does not depend on the transport.

    Args:
        schema: the Strawberry schema to serve.
        options: see `RealtimeOptions`.

    Attributes:
        channel_layer_alias: the layer in `CHANNEL_LAYERS` to listen on.
        request: the Django request: of the HTTP request, or of the handshake.
        scope: the ASGI scope.
    """

    channel_layer_alias = "default"
    request: GraphQLRequest
    scope: dict[str, Any]

    def __init__(self, schema: BaseSchema, **options: Unpack[RealtimeOptions]) -> None:
        self.schema = schema
        # `as_asgi` has resolved them once for all that it serves.
        complete = len(options) == len(DEFAULTS)
        self.options = options if complete else resolve_options(options)
        self.protocols = self.options["subscription_protocols"]

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
        encoded = json.dumps(data, cls=DjangoJSONEncoder, separators=(",", ":"), ensure_ascii=False)
        # A lone surrogate has no UTF-8, and escaped it is JSON all the same.
        return encoded if _is_unicode(encoded) else json.dumps(data, cls=DjangoJSONEncoder)

    @property
    def channel_layer(self) -> Any:
        """The channel layer that this consumer listens on.

        Raises:
            ChannelLayerError: `CHANNEL_LAYERS` has none of this alias.
        """
        return self._listener.layer

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
            self._fell_behind,
        )

    def _fell_behind(self, error: ListenerOverflowError) -> None:
        """Note that a subscription has ended because it was too slow."""

    async def _stop_listening(self) -> None:
        if "_listener" in self.__dict__:
            await self._listener.aclose()

    def _adopt_scope_auth(self) -> None:
        """Take the session and the user that a middleware around us put into the scope."""
        for name in ("session", "user"):
            if name in self.scope:
                setattr(self.request, name, self.scope[name])
