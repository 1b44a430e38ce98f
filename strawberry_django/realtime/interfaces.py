"""What the parts of the library need of each other and of the server, as types.

Ground: imports `conf` and `threads` for types only. A handler names the consumer that it
works for by one of these, and so does not import it: imports point toward the ground.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from strawberry.schema import BaseSchema
    from strawberry.types.unset import UnsetType

    from .conf import OperationRequest, Overflow, RealtimeOptions
    from .exceptions import FrameTooLongError, ListenerOverflowError
    from .threads import OperationThread

#: ASGI, section "Applications".
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class Consumer(Protocol):
    """What a resolver finds of the consumer that serves it, over any transport.

    Attributes:
        scope: the ASGI scope.
        options: the resolved options.
    """

    scope: dict[str, Any]
    options: RealtimeOptions

    @property
    def channel_layer(self) -> Any:
        """The channel layer that the consumer listens on."""

    @property
    def channel_name(self) -> str:
        """The name of the consumer's own channel."""
        ...

    def listen_to_channel(
        self, type: str, *, timeout: float | None = None, groups: Sequence[str] = ()
    ) -> AbstractAsyncContextManager[AsyncIterator[dict[str, Any]]]:
        """Receive channel-layer messages of `type`."""
        ...


class SharingConsumer(Protocol):
    """What a shared subscription needs of the consumer of its subscribers.

    Attributes:
        options: the resolved options.
        schema: the schema.
        executed_schema: the same, which knows the documents that it has executed.
        request: the Django request; a consumer that serves nobody has none.
    """

    options: RealtimeOptions
    schema: BaseSchema
    executed_schema: BaseSchema
    request: Any

    def operation_thread(self) -> OperationThread:
        """Return the block in which an operation's synchronous code borrows threads."""
        ...

    def for_many(self) -> SharingConsumer:
        """Return a consumer of the same kind that serves nobody."""
        ...

    async def get_shared_context(self, audience: Any) -> Any:
        """Return the context of a shared execution."""

    def encode_json(self, data: object) -> str | bytes:
        """Encode what is sent to the client."""
        ...


class Closable(Protocol):
    """What can be closed with one of the protocol's codes: a socket, or a stream."""

    async def close(self, code: int, reason: str = "") -> None:
        """Close it; the first call counts."""


class Beginning(Protocol):
    """What is told that a connection has begun, and that its client answers."""

    def begun(
        self,
        busy: Callable[[], bool],
        ping: Callable[[str], str] | None,
        recheck: Callable[[], None],
    ) -> None:
        """Note that the client's `connection_init` was acknowledged."""

    def heard_pong(self, token: str | None) -> None:
        """Note that the client has answered a ping; `token` is what its pong carries."""


class FrameSource(Protocol):
    """Whose frames may wait in the backlog of a socket.

    Attributes:
        waiting: how many of its frames do; the writer counts them.
    """

    waiting: int

    def refused(self, error: FrameTooLongError) -> None:
        """Act on a frame that the server does not send."""


class Posting(Protocol):
    """Where frames are sent without waiting; see `SocketWriter`."""

    @property
    def sent(self) -> int:
        """The bytes of all frames so far."""
        ...

    @property
    def acknowledged(self) -> int:
        """The bytes that the client has read, as far as its pongs say."""
        ...

    def ask_for(self, sent: int) -> None:
        """Ask the client whether it has read so much, unless it is being asked already."""

    def post(self, source: FrameSource | None, head: str, body: str = "", tail: str = "") -> None:
        """Send a frame in its turn."""

    def drop(self, source: FrameSource, overflow: Overflow) -> None:
        """Make room for a frame of `source`."""


class SocketConsumer(Consumer, SharingConsumer, Protocol):
    """What the connection inside a socket, and the handler of its subprotocol, need."""

    options: RealtimeOptions
    request: Any

    @property
    def writer(self) -> Posting:
        """Everything that the socket sends goes through it."""
        ...

    def fell_behind(self, error: ListenerOverflowError) -> None:
        """Close the socket, because a subscription was too slow."""

    @property
    def presence(self) -> Beginning:
        """The socket among those of its process."""
        ...

    async def on_ws_connect(self, context: Any) -> UnsetType | dict[str, object] | None:
        """Judge the connection, and return the payload of its acknowledgement."""

    async def operation_context(self) -> Any:
        """Return a fresh context, with what the connection's has been given since it began."""

    async def resume_identity(self, context: Any) -> str | None:
        """Return who may go on with what this client has begun."""

    def asks_nothing(self) -> bool:
        """Tell whether an operation needs no context, no hook and no look at its session."""
        ...

    async def judge(self, context: Any, operation: OperationRequest) -> None:
        """Refuse an operation with a `GraphQLError`, or let it be executed."""

    def decode_json(self, data: str) -> object:
        """Decode a client's message."""

    def encode_json_string(self, data: object) -> str:
        """Encode a message to the client."""
        ...
