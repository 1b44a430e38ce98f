"""The raw WebSocket client of the harness, to a site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.live.sites import SECONDS, Site
from tools.harness import raw
from tools.harness.raw import BINARY, CLOSE, PING, TEXT

__all__ = ["BINARY", "CLOSE", "PING", "TEXT", "RawSocket", "handshake_status"]


class RawSocket(raw.RawSocket):
    """A TCP connection to a site that asks for a WebSocket."""

    def __init__(
        self,
        site: Site,
        path: str = "/graphql",
        headers: Mapping[str, str | bytes | None] | None = None,
        receive_buffer: int | None = None,
    ) -> None:
        super().__init__(site.server, path, headers, receive_buffer, SECONDS)


def handshake_status(
    site: Site,
    path: str = "/graphql",
    *,
    headers: Mapping[str, Any] | None = None,
    **named: str | bytes | None,
) -> int:
    """Return the HTTP status that a handshake is answered with."""
    titled = {name.title(): value for name, value in named.items()}
    with RawSocket(site, path, {**titled, **(headers or {})}) as raw:
        return raw.status
