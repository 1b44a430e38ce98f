"""Who gets in: the `Origin` of a WebSocket's handshake."""

from __future__ import annotations

import pytest

from tests.live.promises import documented, promise
from tests.live.raw import handshake_status
from tests.live.sites import Site

foreign_page = promise(
    "A page of another site opens a WebSocket with the visitor's cookie",
    does="the handshake is refused with 403, whatever the shape of the origin",
    setting="`ALLOWED_HOSTS`, `CSRF_TRUSTED_ORIGINS`, `allowed_origins`",
)
no_origin = promise(
    "A handshake without `Origin`",
    does="403, unless native clients are asked in",
    setting="`allow_missing_origin` (off)",
)
ours_only = promise(
    "Pages of our own, and of sites we trust, open a WebSocket",
    does="let in: `ALLOWED_HOSTS` with any scheme and port, trusted origins as they are written",
    setting="`ALLOWED_HOSTS`, `CSRF_TRUSTED_ORIGINS`, `allowed_origins`",
)

FOREIGN = {
    "another site": "https://foreign.example",
    "null": "null",
    "empty": "",
    "no URL": "http://[",
    "only a name": "ours.example",
    "ours as a prefix": "https://ours.example.foreign.example",
    "ours as a suffix": "https://notours.example",
    "ours as a user": "https://ours.example@foreign.example",
    "http where https is trusted": "http://trusted.example",
    "another port where one is trusted": "https://trusted.example:444",
    "the parent of what is trusted": "https://wide.example.foreign.example",
    "a subdomain of what is trusted without": "https://sub.trusted.example",
    "bytes": b"https://ours\xff.example",
    "a file": "file:///ours.example",
}
OURS = {
    "our host": "https://ours.example",
    "our host, http": "http://ours.example",
    "a subdomain": "https://www.ours.example",
    "another port": "http://127.0.0.1:3000",
    "a trusted origin": "https://trusted.example",
    "a trusted subdomain": "https://deep.wide.example",
}


@foreign_page
@pytest.mark.parametrize("kind", FOREIGN)
@documented(
    "foreign-origin", "`AllowedHostsOriginValidator`: an origin that is not listed is refused"
)
def test_a_foreign_page_opens_no_socket(site: Site, kind: str) -> None:
    assert handshake_status(site, headers={"Origin": FOREIGN[kind]}) in {400, 403}


@ours_only
@pytest.mark.parametrize("kind", OURS)
def test_our_pages_and_trusted_ones_open_a_socket(site: Site, kind: str) -> None:
    assert handshake_status(site, headers={"Origin": OURS[kind]}) == 101


@ours_only
def test_the_router_may_list_more_origins(uvicorn: Site) -> None:
    listed = {"Origin": "https://listed.example"}
    assert handshake_status(uvicorn, "/listed", headers=listed) == 101
    assert handshake_status(uvicorn, "/graphql", headers=listed) == 403


@no_origin
def test_without_an_origin_nobody_comes_in(site: Site) -> None:
    assert handshake_status(site, headers={"Origin": None}) == 403


@no_origin
def test_native_clients_come_in_where_they_are_asked(site: Site) -> None:
    assert handshake_status(site, "/native", headers={"Origin": None}) == 101
    foreign = {"Origin": "https://foreign.example"}
    assert handshake_status(site, "/native", headers=foreign) == 403


def test_a_refusal_says_what_to_set_and_is_logged_once(site: Site) -> None:
    before = site.server.log().count("WebSocket /graphql refused (403)")
    with site.quiet():
        handshake_status(site, headers={"Origin": "https://foreign.example"})
        log = site.server.log
        assert log().count("WebSocket /graphql refused (403)") == before + 1
        assert "CSRF_TRUSTED_ORIGINS or allowed_origins" in log()


@promise(
    "A handshake for a path where there is no GraphQL",
    does="refused without a traceback",
)
@documented("wrong-url", "WebSocket connection refused: check that the URL pattern matches")
def test_an_unknown_path_is_refused_without_a_traceback(site: Site) -> None:
    with site.quiet():
        assert handshake_status(site, "/nowhere") in {403, 404}
