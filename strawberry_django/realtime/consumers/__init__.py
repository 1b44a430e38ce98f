"""The Channels consumers that serve GraphQL, over HTTP and over WebSocket."""

from __future__ import annotations

from .http import GraphQLHTTPConsumer
from .websocket import GraphQLWSConsumer

__all__ = ["GraphQLHTTPConsumer", "GraphQLWSConsumer"]
