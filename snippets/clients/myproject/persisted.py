"""Automatic persisted queries, as Apollo Client and urql send them."""

from __future__ import annotations

# --8<-- [start:extension]
from collections.abc import AsyncIterator
from hashlib import sha256

from django.core.cache import cache
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

DAY = 24 * 60 * 60


class PersistedQueries(SchemaExtension):
    async def on_operation(self) -> AsyncIterator[None]:
        operation = self.execution_context
        named = (operation.operation_extensions or {}).get("persistedQuery")
        if isinstance(named, dict):
            digest = str(named.get("sha256Hash"))
            if operation.query:
                if sha256(operation.query.encode()).hexdigest() != digest:
                    raise GraphQLError("The hash is not that of the query.")
                await cache.aset(f"persisted-{digest}", operation.query, DAY)
            elif len(digest) == 64 and digest.isalnum():
                operation.query = await cache.aget(f"persisted-{digest}")
            if not operation.query:
                raise GraphQLError(
                    "PersistedQueryNotFound", extensions={"code": "PERSISTED_QUERY_NOT_FOUND"}
                )
        yield


# --8<-- [end:extension]
