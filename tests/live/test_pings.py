"""What a client may do: be silent. Dead sockets are found."""

from __future__ import annotations

import time

from tests.live.promises import promise
from tests.live.raw import TEXT, RawSocket
from tests.live.sites import Site, new_name, until

dead = promise(
    "A client is gone without a word: no close frame, no end of the connection",
    does="pinged; closed with 4408 when no pong comes, its subscriptions ended",
    setting="`ping_interval` (30 s), `pong_timeout` (30 s)",
)
INIT = '{"type": "connection_init"}'


@dead
def test_a_client_that_answers_no_ping_is_closed(site: Site) -> None:
    name = new_name("tick")
    with RawSocket(site, "/pings") as raw:
        raw.send(INIT)
        query = f'subscription {{ tick(name: \\"{name}\\") }}'
        raw.send(f'{{"type": "subscribe", "id": "1", "payload": {{"query": "{query}"}}}}')
        until(lambda: site.running(name))
        assert raw.close_code() == 4408
    until(lambda: not site.running(name))


@dead
def test_a_client_that_answers_stays(site: Site) -> None:
    pings = 0
    start = time.monotonic()
    with RawSocket(site, "/pings") as raw:
        raw.send(INIT)
        while pings < 4:
            frame = raw.receive()
            assert frame is not None
            if frame[0] == TEXT and b'"ping"' in frame[1]:
                pings += 1
                raw.send('{"type": "pong"}')
    # Longer than a client may be silent.
    assert time.monotonic() - start > 0.3 + 0.5


@dead
def test_a_socket_that_never_begins_is_not_pinged_but_closed(site: Site) -> None:
    with RawSocket(site, "/hasty") as raw:
        assert raw.close_code() == 4408
