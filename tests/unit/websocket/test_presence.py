"""One socket among those of its process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from strawberry_django.realtime.conf import resolve_options
from strawberry_django.realtime.limits import open_sockets
from strawberry_django.realtime.request import GraphQLRequest
from strawberry_django.realtime.websocket.presence import Presence
from strawberry_django.realtime.websocket.writer import SocketWriter
from tests.support_websocket import websocket_scope


def user(pk: Any) -> Any:
    return SimpleNamespace(pk=pk, is_authenticated=pk is not None)


async def send(message: dict[str, Any]) -> None:
    """Take a message as a server does."""


def presence(given: Any = None, session: Any = None, **options: Any) -> Presence:
    request = GraphQLRequest.from_handshake(websocket_scope())
    if given is not None:
        request.user = given
    if session is not None:
        request.session = session
    writer = SocketWriter(send, max_outbound_bytes=1000, send_timeout=1)
    return Presence(request, writer, resolve_options(options))


async def surplus(*several: Presence) -> list[str | None]:
    async with AsyncExitStack() as stack:
        for each in several:
            await stack.enter_async_context(each)
        return [each.surplus for each in several]


async def test_one_too_many_of_a_user_says_so() -> None:
    ada, grace = user(1), user(2)
    limit = {"max_sockets_per_user": 1}
    sockets = [presence(each, **limit) for each in (ada, grace, ada)]
    reason = "More than 1 open sockets and streams of one user (max_sockets_per_user)"
    assert await surplus(*sockets) == [None, None, reason]
    assert open_sockets._open == {}
    assert await surplus(presence(ada, **limit)) == [None]


async def test_strangers_are_no_user_and_no_limit_is_none() -> None:
    limit = {"max_sockets_per_user": 1}
    assert await surplus(*(presence(user(None), **limit) for _ in range(3))) == [None] * 3
    no_limit: dict[str, Any] = {"max_sockets_per_user": None}
    assert await surplus(*(presence(user(1), **no_limit) for _ in range(3))) == [None] * 3


async def test_who_comes_with_a_token_is_in_no_session() -> None:
    async with presence(user(1), SimpleNamespace(session_key="abc")) as one:
        one._request.user = user(2)
        one.note_user()
        assert (one._socket.user_key, one._socket.session_key) == (2, None)


@pytest.mark.parametrize("nobody", [None, user(None)])
async def test_a_token_may_be_nobodys(nobody: Any) -> None:
    async with presence(user(1), SimpleNamespace(session_key="abc")) as one:
        one._request.user = nobody
        one.note_user()
        assert (one._socket.user_key, one._socket.session_key) == (None, None)


@pytest.mark.parametrize("key", [lambda: 1, lambda: UUID(int=1)])
async def test_who_comes_with_a_token_is_counted_once(key: Callable[[], Any]) -> None:
    async with presence(user(key()), max_sockets_per_user=1) as one:
        one._request.user = user(key())
        one.note_user()
        assert one.surplus is None
        async with presence(max_sockets_per_user=1) as second:
            second._request.user = user(key())
            second.note_user()
            assert second.surplus is not None
