"""The statuses: each sentence that names one of HTTP, made of what sends it.

As with the close codes, a sentence that names another status than the client gets is not the one
that the pages must have. May import Django, and its siblings `places` and `read`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.prose.places import CHANNELS, CLIENTS, SECURITY, TESTING
from tools.prose.read import status

_OURS = "strawberry_django.realtime"


def not_found() -> int:
    """Return the status of a path that is not GraphQL where no Django is."""
    return status(f"{_OURS}.routing", "_not_found", "status")


def connection_refused() -> int:
    """Return the status of a request that `on_connect` refuses."""
    view = f"{_OURS}.consumers.http_view"
    return status(view, "execute_operation", "ConnectionRejectionError")


def sentences() -> Iterator[tuple[str, str]]:
    """Yield each page with what it says of statuses."""
    from django.http import HttpResponseBadRequest, HttpResponseNotFound, HttpResponseServerError

    handshake = (f"{_OURS}.security", "handshake_refusal")
    view, refusal = f"{_OURS}.consumers.http_view", (f"{_OURS}.consumers.http", "_refusal")
    host = status(*refusal, "host_refusal")
    sites = status(*refusal, "cross_site_refusal")
    no_origin = status(*handshake, "allow_missing_origin")
    origin = status(*handshake, "allowed_origins")
    big = status(f"{_OURS}.endpoint", "handle", "is_too_big")
    refused = connection_refused()
    no_method = status(view, "execute_single", "reason")
    path = status(f"{_OURS}.routing", "_refuse", "refuse_handshake")
    # What ASGI has a server send for a handshake that is closed without more.
    bare = status("daphne.ws_protocol", "serverReject", "ConnectionDeny")
    client, server = (
        f"{response.status_code // 100}xx"
        for response in (HttpResponseBadRequest, HttpResponseServerError)
    )
    yield CLIENTS, f"A WebSocket without it is refused with {no_origin}."
    yield CLIENTS, f"from a page of another site is refused with {sites}, whatever CORS says."
    for both in {host, status(*handshake, "host_refusal")}:
        yield SECURITY, f"not in `ALLOWED_HOSTS` is a {both}, over HTTP and over WebSocket."
    yield SECURITY, f"Everybody else gets a {origin}: other sites, `null`, what is no URL."
    yield SECURITY, f"comes from no browser. It is a {no_origin} as well, unless"
    yield SECURITY, f"Such a request is a {sites}, and nothing is executed."
    yield SECURITY, f"A body over `DATA_UPLOAD_MAX_MEMORY_SIZE` is a {big} before it is read whole"
    yield SECURITY, f"the answer is a {client}, never a {HttpResponseServerError.status_code}."
    yield SECURITY, f"a mutation by GET is a {no_method} in any case."
    yield SECURITY, f"over WebSocket, status {refused} over HTTP."
    yield SECURITY, f"No answer may be a {server}, no traceback"
    missing = HttpResponseNotFound.status_code
    yield TESTING, f'`client.post("/graphql")` answers {missing}.'
    yield (
        CHANNELS,
        f"for every HTTP path that is not GraphQL. Without it they answer {not_found()}.",
    )
    yield CHANNELS, f"It refuses with a bare {bare}, without a reason"
    yield CHANNELS, f"Daphne can only say {bare}, and its log has the reason."
    yield CHANNELS, f"A body over `DATA_UPLOAD_MAX_MEMORY_SIZE` gets {big}."
    say = f"{origin} is the origin, {path} the path, {host} the host"
    yield CHANNELS, f"{say} (on servers that can only say {bare}, the log has the reason)."
