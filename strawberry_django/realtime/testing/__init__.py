"""Helpers for a project's own tests: GraphQL in this process, over WebSocket and over HTTP.

The application is the project's real one, routing, sessions and origin check included; only the
server is left out. The snippets of the subject `testing` show both in use.
"""

from __future__ import annotations

from .database import shared_connections
from .http import GraphQLHTTPResponse, graphql_http
from .websocket import GraphQLWebsocketCommunicator, WebSocketClosedError

__all__ = [
    "GraphQLHTTPResponse",
    "GraphQLWebsocketCommunicator",
    "WebSocketClosedError",
    "graphql_http",
    "shared_connections",
]
