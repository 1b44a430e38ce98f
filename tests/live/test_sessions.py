"""Who gets in: sessions as Django's own middleware has them."""

from __future__ import annotations

import httpx

from tests.live.promises import expected, promise
from tests.live.sites import Site, Sites, Visitor
from tools.harness.clients import WebSocketClient

rotation = promise(
    "A rotation of the secret key logs everybody out",
    does="sessions signed with an old key stay valid, over HTTP and over WebSocket",
    setting="`SECRET_KEY_FALLBACKS`",
)
untouched = promise(
    "The endpoint writes over sessions, or asks for them on other pages",
    does="a session is saved when a resolver has changed it or Django's settings say so; a page "
    "that is no GraphQL costs no query of ours",
    setting="`SESSION_SAVE_EVERY_REQUEST`",
)
cookies = promise(
    "Cookie names, flags and expiry differ from Django's",
    does="Django's own middleware reads and sets the cookie",
    setting="`SESSION_COOKIE_*`",
)


def me_over_websocket(site: Site, visitor: Visitor, cookie: str = "") -> str:
    headers = {"Cookie": cookie} if cookie else None
    with WebSocketClient.connect(
        site.server, cookies=None if cookie else visitor.client, headers=headers
    ) as socket:
        socket.init()
        socket.subscribe("1", "{ me }")
        name: str = socket.next_message()["payload"]["data"]["me"]
        return name


@rotation
@expected("key-rotation", "With `SECRET_KEY_FALLBACKS` a new key logs nobody out")
def test_an_old_key_goes_on_counting(sites: Sites, uvicorn: Site) -> None:
    visitor = uvicorn.visitor()
    rotated = sites.get(
        SECRET_KEY="a-new-key", SECRET_KEY_FALLBACKS=["the-key-of-the-site-under-attack"]
    )
    client = rotated.client()
    client.cookies.update(visitor.client.cookies)
    assert me_over_websocket(rotated, visitor) == visitor.username
    assert rotated.post("{ me }", client).json() == {"data": {"me": visitor.username}}


@untouched
def test_a_query_writes_no_session(uvicorn: Site) -> None:
    visitor = uvicorn.visitor()
    stored = uvicorn.act("read_session", key=visitor.session_key)
    before = uvicorn.report()["queries"]
    answer = uvicorn.post("{ me }", visitor)
    assert "set-cookie" not in answer.headers
    me_over_websocket(uvicorn, visitor)
    written = [sql for sql in uvicorn.queries(before) if not sql.startswith("SELECT")]
    assert written == []
    assert uvicorn.act("read_session", key=visitor.session_key) == stored


@untouched
@expected("page-queries", "A page that is not GraphQL costs no query for a logged-in visitor")
def test_a_page_that_is_no_graphql_asks_for_no_session(uvicorn: Site) -> None:
    visitor = uvicorn.visitor()
    before = uvicorn.report()["queries"]
    assert visitor.client.get("/").text == "plain"
    assert uvicorn.queries(before) == []


@cookies
@untouched
def test_the_settings_mean_what_they_mean_in_django(sites: Sites) -> None:
    unusual = sites.get(
        SESSION_COOKIE_NAME="sid",
        SESSION_SAVE_EVERY_REQUEST=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_AGE=1000,
    )
    client = unusual.client()
    visitor = Visitor("unusual", client)
    unusual.act("create", client, username=visitor.username)
    unusual.act("enter", client, username=visitor.username)
    assert "sid" in client.cookies
    assert "sessionid" not in client.cookies
    answer = unusual.post("{ me }", client)
    assert answer.json() == {"data": {"me": "unusual"}}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("sid=")
    assert "Max-Age=1000" in cookie
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie
    assert me_over_websocket(unusual, visitor, f"sid={client.cookies['sid']}") == "unusual"


@untouched
@expected("session-log-out", "With `SESSION_SAVE_EVERY_REQUEST` a log-out lasts")
def test_log_out_lasts_while_every_request_saves(sites: Sites) -> None:
    unusual = sites.get(
        SESSION_COOKIE_NAME="sid",
        SESSION_SAVE_EVERY_REQUEST=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_AGE=1000,
    )
    client = unusual.client()
    unusual.act("create", client, username="leaver")
    unusual.act("enter", client, username="leaver")
    kept = dict(client.cookies)
    unusual.act("leave", client)
    with httpx.Client(base_url=unusual.url, cookies=kept) as old:
        assert unusual.post("{ me }", old).json() == {"data": {"me": "nobody"}}
