"""One GraphQL operation over HTTP, asked of the ASGI application.

Imports Channels' communicator, `database` and `headers`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from channels.testing import HttpCommunicator

from .database import ApplicationInTest
from .headers import HOST, SAME_AS_HOST, browser_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.test import AsyncClient, Client


@dataclass(frozen=True)
class GraphQLHTTPResponse:
    """Hold the answer to one GraphQL request over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, decoded."""
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """Return the `data` of the result."""
        return self.json().get("data")

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return the `errors` of the result, or an empty list."""
        return self.json().get("errors") or []


async def graphql_http(
    application: Any,
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    operation_name: str | None = None,
    client: Client | AsyncClient | None = None,
    path: str = "/graphql",
    headers: list[tuple[bytes, bytes]] | None = None,
    host: str = HOST,
    origin: str | None = SAME_AS_HOST,
    timeout: float = 5.0,
) -> GraphQLHTTPResponse:
    """Post an operation to the application and return the answer.

    Django's test client asks Django's own handler, and so never meets a router in front of it.
    This asks the ASGI application. Cookies go out of `client` and come back into it: a login over
    HTTP is there for the client's next request, and for a `GraphQLWebsocketCommunicator`.

    Args:
        application: the project's ASGI application.
        query: the GraphQL document.
        variables: the variables of the operation.
        operation_name: the operation to run, of several in the document.
        client: a test client whose cookies the request carries.
        path: path and query string of the request.
        headers: further headers; one of `cookie`, `host` or `origin` replaces ours.
        host: the `Host` of the request.
        origin: the `Origin` of the request; `None` sends none.
        timeout: seconds to wait for the answer.

    Raises:
        TimeoutError: the application did not answer in time.
    """
    payload = {"query": query, "variables": variables, "operationName": operation_name}
    body = json.dumps(
        {name: value for name, value in payload.items() if value is not None}
    ).encode()
    sent = browser_headers(
        [(b"content-type", b"application/json"), *(headers or [])], client, host, origin
    )
    sent.append((b"content-length", str(len(body)).encode()))
    in_test = ApplicationInTest(application)
    await in_test.prepare()
    communicator = HttpCommunicator(in_test, "POST", path, body, sent)
    communicator.scope.update(client=("127.0.0.1", 50000), server=(host, 80), scheme="http")
    answer = await communicator.get_response(timeout)
    await communicator.send_input({"type": "http.disconnect"})
    await communicator.wait(timeout)
    received = [
        (name.decode("latin1").lower(), value.decode("latin1")) for name, value in answer["headers"]
    ]
    if client is not None:
        for name, value in received:
            if name == "set-cookie":
                client.cookies.load(value)
    return GraphQLHTTPResponse(answer["status"], dict(received), answer["body"])
