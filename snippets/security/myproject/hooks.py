"""Hooks of the GraphQL endpoint: who connects, and what may be executed."""

from __future__ import annotations

# --8<-- [start:on_connect]
from typing import Any

from django.contrib.auth import get_user_model
from django.core import signing
from strawberry.exceptions import ConnectionRejectionError

SALT = "myproject.graphql"


def make_token(user: Any) -> str:
    return signing.dumps(user.pk, salt=SALT)


async def on_connect(context: Any) -> dict[str, Any] | None:
    params = context.connection_params or {}
    header = context.request.headers.get("Authorization", "")
    token = params.get("token") or header.removeprefix("Bearer ")
    if not token:
        return None  # The user of the session, if there is one.
    try:
        pk = signing.loads(token, salt=SALT, max_age=3600)
        user = await get_user_model().objects.aget(pk=pk, is_active=True)
    except (TypeError, signing.BadSignature, get_user_model().DoesNotExist):
        raise ConnectionRejectionError from None
    context.request.user = user  # (hl)
    return {"welcome": user.get_username()}
    # --8<-- [end:on_connect]


# --8<-- [start:on_operation]
from graphql import GraphQLError

from strawberry_django.realtime.conf import OperationRequest


async def on_operation(context: Any, operation: OperationRequest) -> None:
    user = context.request.user
    if operation.operation_name == "Audit" and not user.is_staff:
        raise GraphQLError("Only for members of the staff.")
        # --8<-- [end:on_operation]


# --8<-- [start:disconnect_user]
from strawberry_django.realtime import disconnect_user


def suspend(user: Any) -> None:
    user.groups.clear()
    disconnect_user(user)  # (hl)
    # --8<-- [end:disconnect_user]
