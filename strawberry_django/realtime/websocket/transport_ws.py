"""The server's side of graphql-transport-ws.

Imports the ground modules. Strawberry's handler keeps the state of the
connection; this one adds what the protocol asks for beside: every message is
checked before it is believed, an error in one document is an `error` message for
that operation alone, and each operation has a context and a thread of its own.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from graphql import GraphQLError
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.types.execution import ExecutionResult

from .. import transactions
from .._upstream.frameworks import aclosing
from ..broadcast.admission import Admission, join_at_once
from ..broadcast.recheck import Asked, Recheck
from ..conf import OperationRequest
from ..exceptions import FrameTooLongError
from ..logs import internal_error, unsent
from ..protocol import CloseCode, is_request_error, transport_ws_problem
from ..pubsub.bookmarks import Bookmark, is_resumable
from ..waiting import is_cancelled, let_end
from .sharing import SocketMember

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
        CompleteMessage,
        ConnectionInitMessage,
        Message,
        PingMessage,
        PongMessage,
        SubscribeMessage,
    )

    from ..interfaces import SocketConsumer

_NO_INCREMENTAL_DELIVERY = "Incremental delivery is not supported over graphql-transport-ws"


class TransportWSOperation(Operation[Any, Any]):
    """An operation under way, with the extensions that its request carried.

    Attributes:
        extensions: those.
        member: what it is of a shared subscription, once it has joined one.
        bookmark: where it is, if its client may go on with it on another socket.
        context: its own, until it has joined a shared subscription.
    """

    __slots__ = ["asks_again", "bookmark", "context", "extensions", "member"]

    def __init__(
        self, handler: GraphQLTransportWSHandler, id: str, payload: dict[str, Any]
    ) -> None:
        super().__init__(
            handler,
            id,
            payload.get("query") or "",
            payload.get("variables"),
            payload.get("operationName"),
        )
        self.extensions = payload.get("extensions")
        self.member: SocketMember | None = None
        self.asks_again = False
        self.bookmark: Bookmark | None = None
        self.context: Any = None

    @property
    def request(self) -> OperationRequest:
        """What the client asked for."""
        return OperationRequest(self.query, self.operation_name, self.variables, self.extensions)

    async def send_operation_message(self, message: Message) -> None:
        """Send a message, unless the client has ended this operation: its id may be another's.

        Raises:
            CancelledError: it is ended, and its source goes on: the cancellation was lost.
        """
        if self.handler.operations.get(self.id) is self:
            await super().send_operation_message(message)
        elif message["type"] == "next":
            raise asyncio.CancelledError


class GraphQLTransportWSHandler(BaseGraphQLTransportWSHandler[Any, Any]):
    """Serve one connection of the graphql-transport-ws subprotocol.

    Source: `PROTOCOL.md` of graphql-ws.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._ending: set[asyncio.Task[None]] = set()
        self._recheck = Recheck(self.consumer, self._asked_again)

    @property
    def consumer(self) -> SocketConsumer:
        """The consumer that Strawberry's handler calls its view."""
        return cast("SocketConsumer", self.view)

    async def shutdown(self) -> None:
        """End every operation, and wait until each has ended, up to a bound."""
        if self.connection_init_timeout_task:
            self.connection_init_timeout_task.cancel()
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        self._recheck.cancel()
        await let_end(self._ending)

    async def cleanup_operation(self, operation_id: str) -> None:
        """End an operation, which takes as long as its synchronous code still runs."""
        operation = self.operations.get(operation_id)
        if not isinstance(operation, TransportWSOperation):
            return
        if operation.bookmark is not None:
            operation.bookmark.close(ended=False)
        if operation.member is not None:
            self._leave(operation.member)
        if operation.task is None:
            del self.operations[operation_id]
            return
        self._ending.add(operation.task)
        operation.task.add_done_callback(self._ending.discard)
        await super().cleanup_operation(operation_id)

    async def handle_complete(self, message: CompleteMessage) -> None:
        """End an operation that the client does not want any more: it does not come back."""
        operation = self.operations.get(message["id"])
        if isinstance(operation, TransportWSOperation) and operation.bookmark is not None:
            operation.bookmark.close(ended=True)
        await super().handle_complete(message)

    async def handle_message(self, message: Message) -> None:
        """Answer one message; close with 4400 what is not of the protocol's shape."""
        if problem := transport_ws_problem(message):
            await self.handle_invalid_message(problem)
            return
        said = {name: value for name, value in message.items() if value is not None}
        await getattr(self, f"handle_{message['type']}")(said)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Begin the connection, if it may; from then on the client can be pinged."""
        await super().handle_connection_init(message)
        if self.connection_acknowledged:
            presence = self.consumer.presence
            presence.begun(lambda: bool(self.operations), self._ping, self.recheck)

    async def send_message(self, message: Message) -> None:
        """Send a message; an `error` that cannot be sent says why instead.

        Raises:
            FrameTooLongError: any other message is longer than the server sends.
        """
        try:
            await super().send_message(message)
        except Exception as error:
            if message["type"] != "error":
                raise
            payload = [unsent(error).formatted]
            await super().send_message({**message, "payload": payload})

    def _ping(self, token: str) -> str:
        return self.consumer.encode_json_string({"type": "ping", "payload": {"token": token}})

    async def handle_ping(self, message: PingMessage) -> None:
        """Answer a ping with its payload, as graphql-ws does."""
        await self.send_message(cast("PongMessage", {**message, "type": "pong"}))

    async def handle_pong(self, message: PongMessage) -> None:
        """Note that the client is there, and has read what was sent before the ping."""
        payload = message.get("payload") or {}
        if "subscribed" in payload:  # It answers no ping of the writer's.
            return
        token = payload.get("token")
        self.consumer.presence.heard_pong(token if isinstance(token, str) else None)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Start an operation, if the connection may have one more.

        As many again may be ended while their synchronous code still runs.
        """
        id_ = message["id"]
        limit = self.max_subscriptions_per_connection
        if not self.connection_acknowledged:
            await self.websocket.close(CloseCode.UNAUTHORIZED, "Unauthorized")
        elif id_ in self.operations:
            reason = f"Subscriber for {id_} already exists"
            await self.websocket.close(CloseCode.DUPLICATE_OPERATION, reason)
        elif limit is not None and not self._has_place(limit):
            error = GraphQLError(
                f"Subscription limit reached: this socket has {limit} operations "
                "under way (max_subscriptions_per_connection)"
            )
            await self.send_message({"id": id_, "type": "error", "payload": [error.formatted]})
        else:
            operation = TransportWSOperation(self, id_, {**message["payload"]})
            self.operations[id_] = operation
            if self._joins_at_once(operation):
                return
            operation.task = asyncio.create_task(self.run_operation(operation))
            operation.task.add_done_callback(_note_failure)

    def _joins_at_once(self, operation: TransportWSOperation) -> bool:
        """Let an operation join a run of whoever asks the same; without a task of its own."""
        member = self._member_of(operation)
        if not self.consumer.asks_nothing() or not join_at_once(
            self.consumer, operation.request, member
        ):
            return False
        operation.member = member
        if (confirm := self._confirmation(operation)) is not None:
            confirm()
        return True

    def _member_of(self, operation: TransportWSOperation) -> SocketMember:
        return SocketMember(
            self.consumer,
            f'{{"id":{self.consumer.encode_json_string(operation.id)},"type":"next","payload":',
            partial(self._end_shared, operation),
        )

    def _has_place(self, limit: int) -> bool:
        return max(len(self.operations) + 1, len(self._ending)) <= limit

    async def run_operation(self, operation: Operation[Any, Any]) -> None:
        """Execute one operation and send its results; its errors are its own."""
        assert isinstance(operation, TransportWSOperation)
        member = self._member_of(operation)
        bookmark = operation.bookmark = member.bookmark = self._bookmark_of(operation)
        admission = Admission(
            self.consumer, operation.request, member, self._confirmation(operation), bookmark
        )
        admission.begin()
        try:
            async with self.consumer.operation_thread():
                results = await self._results(operation)
                async with aclosing(results):
                    await _send_results(operation, results, admission)
        except GraphQLError as refusal:
            await operation.send_initial_errors([refusal])
        except FrameTooLongError as error:
            await operation.send_initial_errors([GraphQLError(str(error))])
        except (Exception, asyncio.CancelledError) as error:
            self._leave(member)
            if isinstance(error, asyncio.CancelledError) and is_cancelled():
                raise
            failure = internal_error(error, operation.operation_name)
            await operation.send_initial_errors([failure])
        else:
            if admission.is_joined and self.operations.get(operation.id) is operation:
                operation.task, operation.member, operation.context = None, member, None
                operation.asks_again = admission.asks_again
                member.release()
                return
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
        self._leave(member)
        if bookmark is not None:
            bookmark.close(ended=True)

    def _bookmark_of(self, operation: TransportWSOperation) -> Bookmark | None:
        if not is_resumable(operation.id):
            return None

        return Bookmark(
            operation.id,
            operation.request,
            lambda: self.consumer.resume_identity(operation.context),
            self.consumer.writer,
            partial(self._replaced, operation),
        )

    def _replaced(self, operation: TransportWSOperation) -> None:
        """End an operation whose client goes on with it on another socket."""
        if self.operations.get(operation.id) is not operation:
            return
        if operation.task is not None:
            self._ending.add(operation.task)
            operation.task.add_done_callback(self._ending.discard)
            operation.task.cancel()
        if operation.member is not None:
            self._leave(operation.member)
        self._end_shared(operation, [GraphQLError("This operation goes on on another socket.")])

    def _leave(self, member: SocketMember) -> None:
        """Leave the run; one that ends with it counts as an operation that is ending."""
        ending = member.leave()
        if ending is not None and not ending.done():
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    def _confirmation(self, operation: TransportWSOperation) -> Callable[[], None] | None:
        """Return what tells the client that its subscription listens, if it has asked for that.

        A ping may have a payload, which graphql-ws sends back and does not read.
        """
        extensions = operation.extensions
        if not isinstance(extensions, dict) or extensions.get("confirm") is not True:
            return None
        ping = {"type": "ping", "payload": {"subscribed": operation.id}}
        frame = self.consumer.encode_json_string(ping)
        return lambda: self.consumer.writer.post(None, frame)

    def recheck(self) -> None:
        """Ask again who may stay, of the shared operations that depend on who subscribes."""
        if (asking := self._recheck.begin()) is not None:
            self._ending.add(asking)
            asking.add_done_callback(self._ending.discard)

    def _asked_again(self) -> Iterator[Asked]:
        for operation in self.operations.values():
            if isinstance(operation, TransportWSOperation) and operation.asks_again:
                assert operation.member is not None
                yield Asked(
                    operation.request,
                    operation.member,
                    partial(self._execute, operation),
                    partial(self._refuse, operation, operation.member),
                )

    def _refuse(
        self, operation: TransportWSOperation, member: SocketMember, errors: list[GraphQLError]
    ) -> None:
        self._leave(member)
        self._end_shared(operation, errors)

    async def _results(self, operation: TransportWSOperation) -> Any:
        context = operation.context = await self.consumer.operation_context()
        await self.consumer.judge(context, operation.request)
        return await self._execute(operation, context)

    async def _execute(self, operation: TransportWSOperation, context: Any = None) -> Any:
        if context is None:
            context = await self.consumer.operation_context()
        return await transactions.stream(self.consumer, operation.request, context, self.root_value)

    def _end_shared(self, operation: TransportWSOperation, errors: list[GraphQLError]) -> None:
        """Send the last message of an operation whose shared execution has ended."""
        if self.operations.get(operation.id) is not operation:
            return
        del self.operations[operation.id]
        if operation.bookmark is not None:
            operation.bookmark.close(ended=True)
        last: dict[str, Any] = {"id": operation.id, "type": "complete"}
        if errors:
            last |= {"type": "error", "payload": [error.formatted for error in errors]}
        self.consumer.writer.post(None, self.consumer.encode_json_string(last))


async def _send_results(
    operation: TransportWSOperation, results: AsyncIterator[Any], admission: Admission
) -> None:
    """Send each result; an operation that cannot begin has an `error`, and its socket goes on."""
    async for result in results:
        if not isinstance(result, ExecutionResult):
            await operation.send_initial_errors([GraphQLError(_NO_INCREMENTAL_DELIVERY)])
            return
        if is_request_error(result):
            await operation.send_initial_errors(result.errors or [])
            return
        admission.note_result(result)
        await operation.send_next(result)
        if operation.bookmark is not None:
            operation.bookmark.note_sent()
    if admission.is_joined and operation.bookmark is not None:
        operation.bookmark.note_first_sent()


def _note_failure(task: asyncio.Task[None]) -> None:
    """Keep asyncio from telling again, when the task is forgotten, of an error that was logged."""
    if not task.cancelled():
        task.exception()
