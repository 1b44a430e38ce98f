"""What a Django session is: whose it is, what it costs, and that it ends.

Imports `claims`, `site` and the harness's clients.
"""

from __future__ import annotations

import contextlib
import time
from functools import partial

import httpx
from websockets.exceptions import ConnectionClosed

from tools.harness.clients import WebSocketClient
from tools.stock.claims import Seen, claim
from tools.stock.site import Site, Visitor

#: Within which an open socket has to be closed after its user has gone.
AT_ONCE = 1.5

expected = partial(claim, kind="expected")


@expected("page-queries", says="A page that is no GraphQL costs no query for a logged-in visitor")
def page_queries(site: Site) -> Seen:
    """A page that asks for neither session nor user."""
    visitor = site.visitor()
    site.get("/plain/", visitor)
    cost = site.queries(lambda: site.get("/plain/", visitor))
    return Seen(cost == 0, f"{cost} queries" if cost else "none")


SAVING = {"SESSION_SAVE_EVERY_REQUEST": True}


@expected(
    "session-writes",
    says="With `SESSION_SAVE_EVERY_REQUEST` what a page writes to the session is kept",
    settings=SAVING,
)
def session_writes(site: Site) -> Seen:
    """A page that counts its visits."""
    visitor = site.visitor()
    counts = [site.get("/visits/", visitor).text for _ in range(3)]
    return Seen(counts == ["1", "2", "3"], f"three visits are counted {', '.join(counts)}")


@expected(
    "session-log-out",
    says="With `SESSION_SAVE_EVERY_REQUEST` log-out lasts",
    settings=SAVING,
)
def session_log_out(site: Site) -> Seen:
    """The cookie of somebody who has logged out."""
    visitor = site.visitor()
    try:
        site.act("leave", visitor)
    except httpx.HTTPStatusError as error:
        return Seen(False, f"to log out is a {error.response.status_code}")
    name = site.over_http("{ whoami }", visitor)
    gone = name.data == {"whoami": "nobody"}
    return Seen(gone, "nobody" if gone else name.wrong or "still logged in")


@expected(
    "key-rotation",
    says="With `SECRET_KEY_FALLBACKS` a rotation of the key logs nobody out",
    settings={
        "SECRET_KEY": "a-new-key",
        "SECRET_KEY_FALLBACKS": ["django-insecure-only-for-development-and-for-this-guide"],
    },
)
def key_rotation(site: Site) -> Seen:
    """A session that was signed with the key before."""
    assert site.other is not None
    # One each: over HTTP Django signs the session anew, under another name.
    one, another = site.other.visitor(), site.other.visitor()
    over_http = site.over_http("{ whoami }", one)
    over_websocket = site.over_websocket("{ whoami }", another)
    names = [answer.data and answer.data["whoami"] for answer in (over_http, over_websocket)]
    holds = names == [one.username, another.username]
    return Seen(holds, "still logged in" if holds else "logged out")


@expected("log-out", says="After log-out an open socket is closed", timed=True)
def log_out(site: Site) -> Seen:
    """The user logs out in another tab."""
    return closed_after(site, "leave")


@expected("deactivated", says="After `is_active = False` an open socket is closed", timed=True)
def deactivated(site: Site) -> Seen:
    """An administrator shuts the user out."""
    return closed_after(site, "deactivate")


@expected(
    "deleted-session",
    says="After its session was deleted from the database an open socket is closed",
    settings={"STRAWBERRY_DJANGO_REALTIME": {"SESSION_REVALIDATE_INTERVAL": 0.5}},
    timed=True,
)
def deleted_session(site: Site) -> Seen:
    """The row is gone, as after `clearsessions`; ours looks as often as it is set to."""
    return closed_after(site, "forget")


@expected("password", says="After a new password an open socket is closed", timed=True)
def password(site: Site) -> Seen:
    """The user's password is changed."""
    return closed_after(site, "set_password")


def closed_after(site: Site, action: str) -> Seen:
    """See what an open socket with a subscription does after its user has gone."""
    visitor = site.visitor()
    with site.socket(visitor) as socket:
        socket.init()
        socket.subscribe("1", "subscription { tick }")
        assert socket.next_message()["type"] == "next"
        site.act(action, visitor)
        end = time.monotonic() + AT_ONCE
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            while (left := end - time.monotonic()) > 0:
                socket.next_message(left)
        if socket.close_code is not None:
            return Seen(socket.close_code == 4401, f"closed with {socket.close_code}")
        return Seen(False, goes_on_as(visitor, socket))


def goes_on_as(visitor: Visitor, socket: WebSocketClient) -> str:
    """Start another operation on the open socket, and say whose it is."""
    socket.subscribe("2", "{ whoami }")
    while (message := socket.next_message()).get("id") != "2":
        pass
    name = (message["payload"].get("data") or {}).get("whoami")
    who = "as the old user" if name == visitor.username else f"as {name}"
    return f"it goes on, and starts operations {who}"
