"""Asking: a reader's browser, which sends what the page shows and compares what comes back.

Both sides are normalised as recordings are. May import tools.harness, tools.recorded.normalise and
tools.recorded.transcripts.
"""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from websockets.exceptions import InvalidStatus

from tools.harness import clients
from tools.recorded.normalise import normalise
from tools.reader.terminal import StuckError
from tools.recorded.transcripts import http_exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tools.harness.servers import Server

_POST = re.compile(
    r"^POST (?P<path>\S+)(?: with (?P<session>a session and )?(?P<header>\S+: \S+))?$"
)
_HANDSHAKE = re.compile(r"^WebSocket handshake with Origin: (?P<origin>\S+)$")
#: How long nothing may come after the last frame that is shown.
QUIET_SECONDS = 0.3
_NOWHERE = Path("/nowhere")
#: Whoever opens the chat's site is led to a room, or to the log-in page first.
REDIRECTS = frozenset({"/"})


def same(what: str, shown: str, got: str) -> None:
    """Compare what is shown with what came.

    Raises:
        StuckError: they differ.
    """
    shown, got = (normalise(text.expandtabs(4), _NOWHERE) for text in (shown, got))
    if shown != got:
        raise StuckError(f"{what}\n--- shown\n{shown}--- came\n{got}")


def same_json(what: str, shown: str, got: object) -> None:
    """Compare JSON, whatever its layout."""
    values = (json.loads(shown), got)
    first, second = (json.dumps(value, indent=2, ensure_ascii=False) for value in values)
    same(what, first, second)


def over_http(server: Server, document: str, session: httpx.Client | None) -> Any:
    """Ask over HTTP and return the answer."""
    with httpx.Client(base_url=server.url, cookies=session.cookies if session else None) as client:
        answer = clients.graphql(client, document)
    if "json" not in answer.headers.get("content-type", ""):
        raise StuckError(f"GraphQL answered: {http_exchange(answer)[:600]}")
    return answer.json()


def behind_proxy(server: Server, host: str, document: str) -> None:
    """Ask as a proxy would that speaks HTTPS for this host, and as one would for another."""
    for name, expected in ((host, httpx.codes.OK), ("foreign.example", httpx.codes.BAD_REQUEST)):
        headers = {"Host": name, "X-Forwarded-Proto": "https", "Origin": f"https://{name}"}
        with httpx.Client(base_url=server.url) as client:
            answer = clients.graphql(client, document, headers=headers)
        if answer.status_code != expected or (answer.is_success and "errors" in answer.json()):
            raise StuckError(f"in production, {name} got {http_exchange(answer)[:600]}")


def replay(
    server: Server,
    frames: Sequence[tuple[str, str]],
    document: str,
    session: httpx.Client | None,
    meanwhile: Callable[[], None] | None,
) -> None:
    """Send the client's frames of a conversation and compare the server's.

    What is shown must be all of it: each operation ends, and nothing comes soon afterwards.

    Args:
        server: with whom.
        frames: what is shown.
        document: what the page told to ask; the frames must ask nothing else.
        session: whose cookies are sent.
        meanwhile: what is done between the first result and the second.
    """
    with clients.WebSocketClient.connect(server, cookies=session) as socket:
        results, running = 0, set()
        for who, text in frames:
            shown = json.loads(text)
            if shown.get("type") == "subscribe":
                running.add(shown["id"])
            elif shown.get("type") in ("complete", "error"):
                running.discard(shown["id"])
            if who == "client":
                asked = shown.get("payload", {}).get("query")
                if asked is not None and asked.split() != document.split() != []:
                    raise StuckError(f"the frames ask {asked!r}, and the page {document!r}")
                socket.send(shown)
                continue
            if shown.get("type") == "next":
                results += 1
                if results == 2 and meanwhile:
                    meanwhile()
            same_json("a frame", text, socket.next_message())
        if running:
            raise StuckError(f"the frames do not show how operation {min(running)} ends")
        with contextlib.suppress(TimeoutError):
            raise StuckError(f"not shown, and came: {socket.next_message(QUIET_SECONDS)}")


def exchange(
    server: Server, title: str, shown: str, document: str, session: httpx.Client | None
) -> None:
    """Do what the title of a shown HTTP answer says, and compare."""
    handshake = _HANDSHAKE.match(title)
    post = _POST.match(title)
    if handshake:
        got = _handshake(server, handshake["origin"])
    elif post:
        cookies = _signed_in(session).cookies if post["session"] else None
        name, _, value = (post["header"] or "").partition(": ")
        with httpx.Client(base_url=server.url, cookies=cookies) as client:
            headers = {name: value} if name else {}
            answer = clients.graphql(client, document, path=post["path"], headers=headers)
        got = _standard(answer.status_code, answer.headers, answer.content)
    else:
        raise StuckError(f"it is not clear what to send for {title!r}")
    if len(shown.strip().splitlines()) == 1:  # the status alone
        got = got.splitlines()[0]
    same(title, shown, got)


def _handshake(server: Server, origin: str) -> str:
    try:
        clients.WebSocketClient.connect(server, origin=origin).close()
    except InvalidStatus as error:
        answer = error.response
        return _standard(answer.status_code, answer.headers, bytes(answer.body or b""))
    return "the handshake was accepted"


def _standard(status: int, headers: Mapping[str, str], body: bytes) -> str:
    # A reason phrase is optional (RFC 9112, 4): Hypercorn sends none.
    kept = {"content-type": headers.get("content-type", "")}
    return http_exchange(httpx.Response(status, headers=kept, content=body))


def _signed_in(session: httpx.Client | None) -> httpx.Client:
    if session is None:
        raise StuckError("this needs a session, and nothing told the reader to log in")
    return session


def look(server: Server, path: str, session: httpx.Client | None) -> httpx.Response:
    """Open an address in the browser; it must be a page, and the one that was asked for."""
    answer = _page(server, path, session)
    if answer.url.path != path and path not in REDIRECTS:
        raise StuckError(f"{path} leads to {answer.url.path}")
    return answer


def _page(server: Server, path: str, session: httpx.Client | None) -> httpx.Response:
    cookies = session.cookies if session else None
    with httpx.Client(base_url=server.url, cookies=cookies, follow_redirects=True) as client:
        answer = client.get(path, headers={"Accept": "text/html"})
    if not answer.is_success or "text/html" not in answer.headers.get("content-type", ""):
        raise StuckError(f"{path} is no page: {http_exchange(answer)[:600]}")
    return answer


def sign_in(server: Server, path: str, user: str, passwords: dict[str, str]) -> httpx.Client:
    """Log in at the address that the page names, with a password that it gave."""
    if user not in passwords:
        raise StuckError(
            f"log in as {user!r}: the page gave no password; it gave {list(passwords)}"
        )
    where = _page(server, path, None).url.path  # the page itself leads to where one logs in
    try:
        return clients.login(server, user, passwords[user], path=where)
    except (clients.ClientError, httpx.HTTPError) as error:
        raise StuckError(str(error)) from error
