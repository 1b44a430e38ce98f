"""The close codes: each sentence that names one, made of the code's own name for it.

So a sentence that names another code than the server sends there is not the one that the pages must
have. May import the library and its siblings `places` and `read`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.prose.places import CHANNELS, CLIENTS, SECURITY, TUTORIAL
from tools.prose.read import found

#: Close codes that a client meets and that are not the server's to send (RFC 6455, IANA).
GOING_AWAY, TRY_AGAIN_LATER = 1001, 1013


def sentences() -> Iterator[tuple[str, str]]:
    """Yield each page with what it says of close codes."""
    from strawberry_django.realtime.protocol import SUBSTITUTES, CloseCode

    # On Python 3.10 an f-string would show a member's name.
    code = {member.name: int(member) for member in CloseCode}
    ended, forbidden = code["UNAUTHORIZED"], code["FORBIDDEN"]
    limit, late = code["TOO_MANY_REQUESTS"], code["TIMEOUT"]
    restart, restart_of_daphne = code["SERVICE_RESTART"], code["RESTARTING"]
    bad, big, broken = code["BAD_MESSAGE"], code["MESSAGE_TOO_BIG"], code["INTERNAL_ERROR"]
    yield (
        CLIENTS,
        (
            f"| {GOING_AWAY}, {restart}, {TRY_AGAIN_LATER}, {restart_of_daphne} "
            f"| the server stops or restarts ({restart_of_daphne}: Daphne) |"
        ),
    )
    yield CLIENTS, f"| {late} | a limit in time: a ping without answer, `max_lifetime` |"
    yield CLIENTS, f"| {forbidden} | refused |"
    yield CLIENTS, f"| {ended} | logged out, or the session has ended |"
    yield CLIENTS, f"| {limit} | a limit: sockets, messages, a reader that is too slow |"
    names = ("SUBPROTOCOL_NOT_ACCEPTABLE", "DUPLICATE_OPERATION", "INTERNAL_SERVER_ERROR")
    rest = ", ".join(str(code[name]) for name in names)
    yield CLIENTS, f"| {big}, {broken}, {bad}, {rest} | an error of the client or of the server |"
    yield CLIENTS, f"- **{forbidden}.** Your [`on_connect`]"
    yield CLIENTS, f"speaks the wrong one, which ends with {bad} and a reason"
    for page in (SECURITY, CHANNELS):
        yield page, f"A WebSocket message over `max_message_size` closes the socket with {big}."
    yield SECURITY, f"refuse with `ConnectionRejectionError`: close code {forbidden} over WebSocket"
    yield SECURITY, f"or given a new password, the socket is closed with {ended}, and"
    yield SECURITY, f"is told its name: in the reason of close code {limit}, or"
    yield SECURITY, f"A frame that is none of the protocol's closes the socket with {bad}."
    yield SECURITY, f"after `send_timeout` the socket is closed with {limit}."
    yield SECURITY, f'`slow_consumer` decides: `"close"` the socket with {limit}, '
    yield SECURITY, f"answers no ping within `pong_timeout` is gone, and closed with {late}."
    yield SECURITY, f"An exception in a hook or a handler closes the socket with {broken} or"
    yield SECURITY, f"When the server stops, sockets are closed with {restart}, and clients connect"
    stand = {member.name: int(other) for member, other in SUBSTITUTES.items()}
    yield SECURITY, "of the codes under 3000 only 1000"  # as autobahn's sendClose has it
    yield (
        SECURITY,
        (
            f"{big} becomes {stand['MESSAGE_TOO_BIG']}, {broken} becomes {stand['INTERNAL_ERROR']} "
            f"and {restart} becomes {stand['SERVICE_RESTART']}."
        ),
    )
    client = "snippets/chat/chat/static/chat/graphql.js"
    first, last = (found(client, rf"\bcode {sign} (\d+)\b") for sign in (">=", "<="))
    yield TUTORIAL, f"A close code between {first} and {last} says"
    yield TUTORIAL, f"Only {late}, too late, may pass."
    yield TUTORIAL, f"A client that does not answer with `pong` is closed with {late}."
    yield TUTORIAL, f"the server closes the socket with {ended}, and the page says so."
    yield CHANNELS, f"the sockets of that user close with {ended}."
