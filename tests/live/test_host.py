"""Who gets in: the `Host` header, over HTTP and over WebSocket."""

from __future__ import annotations

import pytest

from tests.live.promises import expected, promise
from tests.live.raw import handshake_status
from tests.live.sites import Site

FOREIGN = ["foreign.example", "ours.example.foreign.example", "foreign.example:80", "a b", "_", "@"]

foreign_host = promise(
    "A request with a foreign `Host`",
    does="400, over HTTP and over WebSocket, before a session is looked up",
    setting="`ALLOWED_HOSTS`",
)


@foreign_host
@pytest.mark.parametrize("host", FOREIGN)
@expected("host", "A `Host` outside `ALLOWED_HOSTS` is a 400")
def test_a_foreign_host_is_a_400(site: Site, host: str) -> None:
    assert site.post("{ ping }", headers={"Host": host}).status_code == 400
    assert site.client().get("/graphql?query={ping}", headers={"Host": host}).status_code == 400


@foreign_host
@pytest.mark.parametrize("host", FOREIGN[:3])
def test_a_foreign_host_opens_no_socket(site: Site, host: str) -> None:
    # Hypercorn and Daphne have no denial response and answer 403, Uvicorn has.
    assert handshake_status(site, host=host, origin=site.url) in {400, 403}
