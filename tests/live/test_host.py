"""Who gets in: the `Host` header, over HTTP and over WebSocket."""

from __future__ import annotations

import pytest

from tests.live.promises import promise
from tests.live.raw import handshake_status
from tests.live.sites import Site, Sites

FOREIGN = ["foreign.example", "ours.example.foreign.example", "foreign.example:80", "a b", "_", "@"]

foreign_host = promise(
    "A request with a foreign `Host`",
    does="400, over HTTP and over WebSocket, before a session is looked up",
    setting="`ALLOWED_HOSTS`",
)
forwarded_host = promise(
    "A foreign `X-Forwarded-Host`",
    does="ignored; judged in place of `Host` only where the project trusts its proxy",
    setting="`USE_X_FORWARDED_HOST`",
)


@foreign_host
@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_a_400(site: Site, host: str) -> None:
    assert site.post("{ ping }", headers={"Host": host}).status_code == 400
    assert site.client().get("/graphql?query={ping}", headers={"Host": host}).status_code == 400


@foreign_host
@pytest.mark.parametrize("host", FOREIGN[:3])
def test_a_foreign_host_opens_no_socket(site: Site, host: str) -> None:
    # Hypercorn and Daphne have no denial response and answer 403, Uvicorn has.
    assert handshake_status(site, host=host, origin=site.url) in {400, 403}


def test_our_hosts_are_let_in(site: Site) -> None:
    for host in ("127.0.0.1", "ours.example", "www.ours.example:8000"):
        assert site.post("{ ping }", headers={"Host": host}).json() == {"data": {"ping": "pong"}}
        assert handshake_status(site, host=host, origin=site.url) == 101


@forwarded_host
def test_a_forwarded_host_counts_from_a_trusted_proxy(sites: Sites, uvicorn: Site) -> None:
    forwarded = {"X-Forwarded-Host": "foreign.example"}
    assert uvicorn.post("{ ping }", headers=forwarded).status_code == 200
    assert (
        uvicorn.post(
            "{ ping }", headers={"Host": "foreign.example", "X-Forwarded-Host": "ours.example"}
        ).status_code
        == 400
    )
    behind = sites.get(USE_X_FORWARDED_HOST=True)
    assert behind.post("{ ping }", headers=forwarded).status_code == 400
    ours = {"Host": "internal:8000", "X-Forwarded-Host": "ours.example"}
    assert behind.post("{ ping }", headers=ours).status_code == 200
    assert handshake_status(behind, headers=forwarded, origin=behind.url) in {400, 403}
