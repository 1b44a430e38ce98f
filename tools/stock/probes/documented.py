"""What the shared documentation says: its own sentences. Imports `claims` and `site`."""

from __future__ import annotations

from functools import partial

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from tools.stock.claims import Seen, claim
from tools.stock.site import SECONDS, Answer, Site

#: Longer than the five seconds after which redis-py 8 gives up on a connection.
IDLE_SECONDS = 6.5

documented = partial(claim, kind="documented")


def both(http: Answer, websocket: Answer, expected: object) -> Seen:
    """Return what was seen on both transports, in one sentence if it is the same."""
    answers = {"HTTP": http, "WebSocket": websocket}
    words = {
        transport: "answered" if answer.data == expected else answer.wrong or f"{answer.data}"
        for transport, answer in answers.items()
    }
    holds = all(answer.data == expected for answer in answers.values())
    if holds:
        return Seen(True, "answered on both")
    return Seen(False, "; ".join(f"{transport}: {said}" for transport, said in words.items()))


def one(answer: Answer, expected: object) -> Seen:
    """Return what was seen of one answer."""
    if answer.data == expected:
        return Seen(True, "answered")
    return Seen(False, f"an error: {answer.wrong}" if answer.wrong else f"{answer.data}")


@documented("mix", says="Mix regular Django HTTP requests with GraphQL")
def mix(site: Site) -> Seen:
    """A page of Django's and an operation."""
    page, answer = site.get("/plain/"), site.over_http("{ ping }")
    holds = page.text == "plain" and answer.data == {"ping": "pong"}
    said = "both answered" if holds else f"page: {page.status_code}; GraphQL: {answer.wrong}"
    return Seen(holds, said)


@documented("both-transports", says="Routes both HTTP and WebSocket to GraphQL")
def both_transports(site: Site) -> Seen:
    """A query over each."""
    answers = site.over_http("{ ping }"), site.over_websocket("{ ping }")
    return both(*answers, expected={"ping": "pong"})


@documented(
    "url-pattern",
    says="`url_pattern`: URL pattern (default: `^graphql`)",
    application="asgi_custom",
)
def url_pattern(site: Site) -> Seen:
    """A query over each, where the pattern says."""
    path = "/api/graphql"
    answers = site.over_http("{ ping }", path=path), site.over_websocket("{ ping }", path=path)
    return both(*answers, expected={"ping": "pong"})


@documented("subscriptions", says="Use GraphQL subscriptions")
def subscriptions(site: Site) -> Seen:
    """One that counts, to its end."""
    with site.socket() as socket:
        socket.init()
        socket.subscribe("1", "subscription { count }")
        kinds = [socket.next_message(SECONDS)["type"] for _ in range(4)]
    holds = kinds == ["next", "next", "next", "complete"]
    return Seen(holds, "three results and the end" if holds else ", ".join(kinds))


@documented(
    "broadcast",
    says="For subscriptions that need to broadcast to multiple clients, configure a channel layer "
    "(in-memory)",
)
def broadcast(site: Site) -> Seen:
    """One event to two sockets."""
    visitor = site.visitor()
    with site.socket() as first, site.socket() as second:
        for socket in (first, second):
            socket.init()
            socket.subscribe("1", "subscription { listen }")
            assert socket.next_message()["type"] == "next"
        site.act("publish", visitor)
        told = [socket.next_message()["payload"]["data"]["listen"] for socket in (first, second)]
    holds = told == [visitor.username] * 2
    return Seen(holds, "two of two were told" if holds else f"{told}")


@documented(
    "redis",
    says="Production (Redis): `channels_redis.core.RedisChannelLayer` with `hosts`",
    redis="channels_redis.core.RedisChannelLayer",
)
def redis(site: Site) -> Seen:
    """A subscription that hears nothing for a while, and then an event."""
    visitor = site.visitor()
    try:
        with site.socket() as socket:
            socket.init()
            socket.subscribe("1", "subscription { listen }")
            assert socket.next_message()["type"] == "next"
            try:
                message = socket.next_message(IDLE_SECONDS)
            except TimeoutError:
                site.act("publish", visitor)
                message = socket.next_message()
    except ConnectionClosed as error:
        code = error.rcvd.code if error.rcvd else "no close frame"
        return Seen(False, f"an idle socket is closed after 5 s ({code})")
    except TimeoutError:
        return Seen(False, "the event did not arrive")
    holds = message["type"] == "next"
    return Seen(holds, "an idle socket stays, and hears the event" if holds else f"{message}")


@documented("user-http", says="Access the user in resolvers: `info.context.request.user` (HTTP)")
def user_http(site: Site) -> Seen:
    """The resolver of the documentation."""
    visitor = site.visitor()
    return one(site.over_http("{ me }", visitor), {"me": f"Hello, {visitor.username}!"})


@documented(
    "user-websocket", says="Access the user in resolvers: `info.context.request.user` (WebSocket)"
)
def user_websocket(site: Site) -> Seen:
    """The resolver of the documentation."""
    visitor = site.visitor()
    return one(site.over_websocket("{ me }", visitor), {"me": f"Hello, {visitor.username}!"})


@documented("permissions", says="Use it when you need permission checks, by the session")
def permissions(site: Site) -> Seen:
    """`IsAuthenticated` for somebody and for nobody."""
    visitor, expected = site.visitor(), {"secret": "for users only"}
    known = both(
        site.over_http("{ secret }", visitor),
        site.over_websocket("{ secret }", visitor),
        expected,
    )
    if not known.holds:
        return known
    leaks = [site.over_http("{ secret }"), site.over_websocket("{ secret }")]
    holds = all(answer.wrong for answer in leaks)
    return Seen(holds, "users pass, others get an error" if holds else "others pass too")


@documented(
    "listed-origin", says="`AllowedHostsOriginValidator`: an origin of `ALLOWED_HOSTS` is let in"
)
def listed_origin(site: Site) -> Seen:
    """A page of another host that the settings name."""
    try:
        with site.socket(origin="https://www.example.com") as socket:
            socket.init()
    except InvalidStatus as error:
        return Seen(False, f"refused with {error.response.status_code}")
    except ConnectionClosed as error:
        return Seen(False, f"closed with {error.rcvd.code if error.rcvd else 1006}")
    return Seen(True, "let in")


@documented(
    "foreign-origin", says="`AllowedHostsOriginValidator`: an origin that is not listed is refused"
)
def foreign_origin(site: Site) -> Seen:
    """A page of a host that the settings do not name."""
    return refusal(site, "/graphql", "https://foreign.example")


@documented("wrong-url", says="WebSocket connection refused: check that the URL pattern matches")
def wrong_url(site: Site) -> Seen:
    """A socket to a path that is no endpoint."""
    return refusal(site, "/elsewhere", "same-origin")


def refusal(site: Site, path: str, origin: str) -> Seen:
    """See a handshake refused as it should be: with a status under 500."""
    site.traceback()
    try:
        site.socket(path=path, origin=origin).close()
    except InvalidStatus as error:
        status = error.response.status_code
        logged = " with a traceback" if site.traceback() else ""
        return Seen(status < 500 and not logged, f"{status}{logged}")
    except InvalidHandshake as error:
        return Seen(False, str(error))
    return Seen(False, "let in")
