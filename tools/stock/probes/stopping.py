"""What happens when the server is told to stop. Imports `claims`, `site`."""

from __future__ import annotations

import signal
from functools import partial

from websockets.exceptions import ConnectionClosed

from tools.stock.claims import Seen, claim
from tools.stock.site import Site, until

#: graphql-ws comes back after these of 1000 to 1999, and after all others but the fatal ones
#: (`shouldRetryConnectOrThrow` and `isFatalInternalCloseCode` of its client).
PASSING = {1000, 1001, 1005, 1006, 1012, 1013, 1014}
FATAL = {4004, 4005, 4400, 4401, 4406, 4409, 4429, 4500}
STOP_SECONDS = 8.0

expected = partial(claim, kind="expected", alone=True)


def stopped(site: Site) -> int | None:
    """Tell the server to stop while a subscription is under way; return the close code, if any."""
    with site.socket() as socket:
        socket.init()
        socket.subscribe("1", "subscription { tick }")
        assert socket.next_message()["type"] == "next"
        site.server.process.popen.send_signal(signal.SIGTERM)
        try:
            while True:
                socket.next_message(STOP_SECONDS)
        except ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else None


def comes_back(code: int) -> bool:
    """Tell whether the graphql-ws client connects again after a close code."""
    return code in PASSING if code < 2000 else code not in FATAL


@expected(
    "stop-code",
    says="When the server stops, its sockets are closed with a code that clients come back after",
)
def stop_code(site: Site) -> Seen:
    """The code that the client sees."""
    code = stopped(site)
    if code is None:
        return Seen(False, "no close frame (1006)")
    return Seen(comes_back(code), f"{code}" + ("" if comes_back(code) else ", which is final"))


@expected(
    "stop-finally",
    says="When the server stops, the `finally` of a running subscription is executed",
)
def stop_finally(site: Site) -> Seen:
    """What the generator prints there."""
    stopped(site)
    ran = until(lambda: "the generator has tidied up" in site.server.log())
    return Seen(ran, "executed" if ran else "not executed")
