# --8<-- [start:identity]
from __future__ import annotations

from typing import Any

from strawberry_django.realtime import GraphQLContext, GraphQLWSConsumer


class DeviceConsumer(GraphQLWSConsumer[GraphQLContext, None]):
    async def resume_identity(self, context: Any) -> str | None:
        params = context.connection_params or {}
        return params.get("device")


# --8<-- [end:identity]
