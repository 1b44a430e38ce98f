"""What happens when the server is told to stop. Imports `claims`, `site`."""

from __future__ import annotations

import signal
from functools import partial

from websockets.exceptions import ConnectionClosed

from tools.stock.claims import Seen, claim
from tools.stock.site import Site, until

#: The codes after which the graphql-ws client does not come back are the rest of 1000 to 1999.
COMES_BACK = {1001, 1005, 1006, 1012, 1013, 1014}
STOP_SECONDS = 8.0

DAPHNE = "it ends without a word to the application"

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


@expected(
    "stop-code",
    says="When the server stops, its sockets are closed with a code that clients come back after",
    beyond={"daphne": DAPHNE},
)
def stop_code(site: Site) -> Seen:
    """The code that the client sees."""
    code = stopped(site)
    if code is None:
        return Seen(False, "no close frame (1006)")
    return Seen(code in COMES_BACK, f"{code}" + ("" if code in COMES_BACK else ", which is final"))


@expected(
    "stop-finally",
    says="When the server stops, the `finally` of a running subscription is executed",
    beyond={"daphne": DAPHNE},
)
def stop_finally(site: Site) -> Seen:
    """What the generator prints there."""
    stopped(site)
    ran = until(lambda: "the generator has tidied up" in site.server.log())
    return Seen(ran, "executed" if ran else "not executed")
