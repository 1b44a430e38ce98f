"""What a browser adds to a request: cookies, `Host` and `Origin`.

Imports Django's test clients for their type only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.test import AsyncClient, Client

HOST = "testserver"
"""The host of Django's own test client, which its test runner adds to `ALLOWED_HOSTS`."""

SAME_AS_HOST = "same as host"
"""The `origin` of a page of the site itself."""


def browser_headers(
    given: list[tuple[bytes, bytes]],
    client: Client | AsyncClient | None,
    host: str,
    origin: str | None,
) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request: `given`, and what a browser would add."""
    cookies = client.cookies.values() if client is not None else ()
    own = {
        b"host": host,
        b"origin": f"http://{host}" if origin == SAME_AS_HOST else origin,
        b"cookie": "; ".join(f"{each.key}={each.coded_value}" for each in cookies),
    }
    named = {name.lower() for name, _ in given}
    return [
        *(
            (name, value.encode("latin1"))
            for name, value in own.items()
            if value and name not in named
        ),
        *given,
    ]
