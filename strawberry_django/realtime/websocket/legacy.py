"""The server's side of graphql-ws, the legacy subprotocol of subscriptions-transport-ws.

Imports the ground modules. It is off unless `subscription_protocols` names it.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from graphql import GraphQLError
from strawberry.subscriptions.protocols.graphql_ws.handlers import BaseGraphQLWSHandler
from strawberry.types.execution import ExecutionResult

from .. import transactions
from .._upstream.frameworks import aclosing
from ..broadcast.admission import Admission
from ..broadcast.recheck import Asked, Recheck
from ..conf import OperationRequest
from ..exceptions import FrameTooLongError
from ..logs import internal_error, unsent
from ..protocol import LEGACY_TYPES, CloseCode, is_request_error, legacy_ws_problem
from ..waiting import is_cancelled, let_end
from .sharing import SocketMember

if TYPE_CHECKING:
    from strawberry.subscriptions.protocols.graphql_ws.types import (
        ConnectionInitMessage,
        OperationMessage,
        StartMessage,
    )

    from ..interfaces import SocketConsumer

#: What the client sent beside the query of the operation that a task runs.
_extensions: ContextVar[dict[str, Any] | None] = ContextVar("extensions", default=None)

_BEGUN = "Too many initialisation requests"


#: Seconds for which the client's next message waits until an operation has ended that it stops.
_ENDED_WITHIN = 1.0


class GraphQLWSHandler(BaseGraphQLWSHandler[Any, Any]):
    """Serve one connection of the legacy graphql-ws subprotocol.

    Queries and mutations may be started as well as subscriptions, as the protocol
    has it. Source: `PROTOCOL.md` of subscriptions-transport-ws.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._ending: set[asyncio.Task[None]] = set()
        self._init_wait: asyncio.Task[None] | None = None
        self._shared: dict[str, Asked] = {}
        self._recheck = Recheck(self.consumer, self._shared.values)

    @property
    def consumer(self) -> SocketConsumer:
        """The consumer that Strawberry's handler calls its view."""
        return cast("SocketConsumer", self.view)

    async def handle(self) -> None:
        """Serve the connection, which has to begin in time, as with the other subprotocol."""
        self._init_wait = asyncio.create_task(self._close_without_init())
        try:
            await super().handle()
        finally:
            self._init_wait.cancel()

    async def _close_without_init(self) -> None:
        wait = self.consumer.options["connection_init_wait_timeout"]
        await asyncio.sleep(wait.total_seconds())
        await self.websocket.close(CloseCode.TIMEOUT, "Connection initialisation timeout")

    async def handle_message(self, message: OperationMessage) -> None:
        """Answer one message; close with 1002 what is not of the protocol's shape.

        A message of an unknown type is answered with an error, as the reference server does
        (`server.ts` of subscriptions-transport-ws).
        """
        if problem := legacy_ws_problem(message):
            await self.websocket.close(CloseCode.PROTOCOL_ERROR, problem)
            return
        said = cast("dict[str, Any]", message)
        if said["type"] not in LEGACY_TYPES:
            error = {"message": f"Unknown message type: {said['type']}"}
            await self.websocket.send_json(
                {"type": "error", "id": said.get("id"), "payload": error}
            )
            return
        await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Begin the connection, if it may; once."""
        if self.connection_acknowledged:
            await self.websocket.close(CloseCode.TOO_MANY_REQUESTS, _BEGUN)
            return
        if self._init_wait is not None:
            self._init_wait.cancel()
        await super().handle_connection_init(message)
        if self.connection_acknowledged:
            self.consumer.presence.begun(lambda: bool(self.tasks), None, self.recheck)

    async def handle_start(self, message: StartMessage) -> None:
        """Start an operation, if the connection may have one more."""
        payload = cast("dict[str, Any]", message["payload"])
        _extensions.set(payload.get("extensions"))  # Its task begins with a copy of the context.
        complete = {**message, "payload": {**payload, "query": payload.get("query") or ""}}
        await super().handle_start(cast("StartMessage", complete))

    async def cleanup_operation(self, operation_id: str) -> None:
        """End an operation, and wait a moment until it has ended."""
        if (task := self._cancel(operation_id)) is not None:
            await asyncio.wait([task], timeout=_ENDED_WITHIN)

    async def cleanup(self) -> None:
        """End every operation, and wait until each has ended, up to a bound."""
        for operation_id in list(self.tasks):
            self._cancel(operation_id)
        self._recheck.cancel()
        await let_end(self._ending)

    def _cancel(self, operation_id: str) -> asyncio.Task[None] | None:
        task: asyncio.Task[None] | None = self.tasks.pop(operation_id, None)
        self._shared.pop(operation_id, None)
        if task is not None:
            self._ending.add(task)
            task.add_done_callback(self._ended)
            task.cancel()
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        if not task.cancelled():
            task.exception()  # It was logged.

    async def send_message(self, message: OperationMessage) -> None:
        """Send a message; an `error` that cannot be sent says why instead.

        Raises:
            FrameTooLongError: any other message is longer than the server sends.
        """
        try:
            await super().send_message(message)
        except Exception as error:
            if message["type"] != "error":
                raise
            await super().send_message(_error(message["id"], unsent(error)))

    async def handle_async_results(
        self,
        operation_id: str,
        query: str,
        operation_name: str | None,
        variables: dict[str, object] | None,
    ) -> None:
        """Execute one operation and send its results; its errors are its own.

        Its last message is sent when a `stop` no longer finds it, and so once.
        """
        last: OperationMessage = {"type": "complete", "id": operation_id}
        request = OperationRequest(query, operation_name, variables, _extensions.get())
        over: asyncio.Future[list[GraphQLError]] = asyncio.get_running_loop().create_future()
        head = f'{{"type":"data","id":{self.consumer.encode_json_string(operation_id)},"payload":'
        member = SocketMember(self.consumer, head, partial(_settle, over))
        admission = Admission(self.consumer, request, member)
        admission.begin()
        try:
            async with self.consumer.operation_thread():
                context = await self.consumer.operation_context()
                await self.consumer.judge(context, request)
                results = await self._execute(request, context)
                async with aclosing(results):
                    async for result in results:
                        assert isinstance(result, ExecutionResult)
                        if is_request_error(result):
                            last = _error(operation_id, (result.errors or [])[0])
                            break
                        admission.note_result(result)
                        await self.send_data_message(result, operation_id)
            if admission.is_joined:
                if admission.asks_again:
                    execute = partial(self._execute, request)
                    refuse = partial(_refuse, member)
                    self._shared[operation_id] = Asked(request, member, execute, refuse)
                member.release()
                if errors := await over:
                    last = _error(operation_id, errors[0])
        except asyncio.CancelledError as error:
            if is_cancelled():
                if operation_id not in self.tasks:  # Its id may be another's by now.
                    await self.send_message(last)
                raise
            last = _error(operation_id, internal_error(error, operation_name))
        except GraphQLError as refusal:
            last = _error(operation_id, refusal)
        except FrameTooLongError as error:
            last = _error(operation_id, GraphQLError(str(error)))
        except Exception as error:
            last = _error(operation_id, internal_error(error, operation_name))
        finally:
            member.leave()
            if self.tasks.get(operation_id) is asyncio.current_task():
                del self.tasks[operation_id]
                self._shared.pop(operation_id, None)
        if operation_id not in self.tasks:
            await self.send_message(last)

    async def _execute(self, request: OperationRequest, context: Any = None) -> Any:
        if context is None:
            context = await self.consumer.operation_context()
        return await transactions.stream(self.consumer, request, context, self.root_value)

    def recheck(self) -> None:
        """Ask again who may stay, of the shared operations that depend on who subscribes."""
        if (asking := self._recheck.begin()) is not None:
            self._ending.add(asking)
            asking.add_done_callback(self._ending.discard)

    async def send_data_message(self, execution_result: ExecutionResult, operation_id: str) -> None:
        """Send a result of an operation under way.

        Raises:
            CancelledError: it is stopped, and its source goes on: the cancellation was lost.
        """
        if self.tasks.get(operation_id) is not asyncio.current_task():
            raise asyncio.CancelledError
        await super().send_data_message(execution_result, operation_id)


def _refuse(member: SocketMember, errors: list[GraphQLError]) -> None:
    member.leave()
    member.end(errors, refused=True)


def _settle(over: asyncio.Future[list[GraphQLError]], errors: list[GraphQLError]) -> None:
    if not over.done():
        over.set_result(errors)


def _error(operation_id: str, error: GraphQLError) -> OperationMessage:
    return {"type": "error", "id": operation_id, "payload": error.formatted}
