"""How a subscription is streamed over HTTP.

Imports `protocol` and Strawberry only.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from strawberry.http.streaming import MultipartSubscriptionTransport, SSETransport
from typing_extensions import override

from ..protocol import GRAPHQL_SSE_PROTOCOL, MULTIPART_SUBSCRIPTION_PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from strawberry.http import GraphQLHTTPResponse
    from strawberry.http.streaming import HTTPStreamTransport


class PromptSSETransport(SSETransport):
    """Server-sent events that begin at once: some servers hold the headers until then.

    Their lines end with a line feed alone: urql finds no event behind another end.
    """

    send_initial_heartbeat = True

    @override
    def encode_next(
        self, response: GraphQLHTTPResponse, encode_json: Callable[[object], str]
    ) -> str:
        return super().encode_next(response, encode_json).replace("\r\n", "\n")

    @override
    def encode_complete(self) -> str:
        return super().encode_complete().replace("\r\n", "\n")

    @override
    def heartbeat_message(self, encode_json: Callable[[object], str]) -> str:
        return super().heartbeat_message(encode_json).replace("\r\n", "\n")


#: The class of each protocol's transport.
STREAM_TRANSPORTS: Mapping[str, type[HTTPStreamTransport]] = MappingProxyType(
    {
        MULTIPART_SUBSCRIPTION_PROTOCOL: MultipartSubscriptionTransport,
        GRAPHQL_SSE_PROTOCOL: PromptSSETransport,
    }
)
