"""The server's side of graphql-ws, the legacy subprotocol of subscriptions-transport-ws.

Imports `protocol`, `threads` and what it shares with `handlers`. It is off unless
`subscription_protocols` names it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError
from strawberry.subscriptions.protocols.graphql_ws.handlers import BaseGraphQLWSHandler
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.utils.aio import aclosing

from .conf import OperationRequest
from .handlers import internal_error
from .protocol import CloseCode, legacy_ws_problem
from .threads import OperationThread

if TYPE_CHECKING:
    from strawberry.subscriptions.protocols.graphql_ws.types import (
        ConnectionInitMessage,
        OperationMessage,
    )

    from .consumers.websocket import GraphQLWSConsumer


class GraphQLWSHandler(BaseGraphQLWSHandler[Any, Any]):
    """Serve one connection of the legacy graphql-ws subprotocol.

    Queries and mutations may be started as well as subscriptions, as the protocol
    has it. Source: `PROTOCOL.md` of subscriptions-transport-ws.
    """

    view: GraphQLWSConsumer

    async def handle_message(self, message: OperationMessage) -> None:
        """Answer one message; close with 1002 what is not of the protocol's shape."""
        if problem := legacy_ws_problem(message):
            await self.websocket.close(CloseCode.PROTOCOL_ERROR, problem)
            return
        await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Begin the connection, if it may."""
        await super().handle_connection_init(message)
        if self.connection_acknowledged:
            self.view.presence.begun(lambda: bool(self.tasks), None)

    async def handle_async_results(
        self,
        operation_id: str,
        query: str,
        operation_name: str | None,
        variables: dict[str, object] | None,
    ) -> None:
        """Execute one operation and send its results; its errors are its own."""
        ended = False
        try:
            async with OperationThread():
                context = await self.view.operation_context(self.context)
                request = OperationRequest(query, operation_name, variables)
                await self.view.judge(context, request)
                results = await self.schema.stream(
                    query,
                    variable_values=variables,
                    operation_name=operation_name,
                    context_value=context,
                    root_value=self.root_value,
                )
                async with aclosing(results):
                    async for result in results:
                        if self.tasks.get(operation_id) is not asyncio.current_task():
                            raise asyncio.CancelledError  # It is stopped, and that was lost.
                        if isinstance(result, PreExecutionError):
                            errors = result.errors or []
                            ended = True
                            await self._send_error(operation_id, errors[0])
                            return
                        assert isinstance(result, ExecutionResult)
                        await self.send_data_message(result, operation_id)
            ended = True
            await self._send_complete(operation_id)
        except asyncio.CancelledError:
            if not ended:
                await self._send_complete(operation_id)
            raise
        except GraphQLError as refusal:
            await self._send_error(operation_id, refusal)
        except Exception as error:
            failure = internal_error(error, operation_name)
            await self._send_error(operation_id, failure)
        finally:
            self.tasks.pop(operation_id, None)

    async def _send_complete(self, operation_id: str) -> None:
        await self.send_message({"type": "complete", "id": operation_id})

    async def _send_error(self, operation_id: str, error: GraphQLError) -> None:
        await self.send_message({"type": "error", "id": operation_id, "payload": error.formatted})
