"""The facts outside of the pages: those of the README, of CONTRIBUTING and of what is rendered.

May import the library, the packages that a sentence is about, and its siblings `places`, `read`,
`rendered`, `statuses` and `text`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tools.prose.places import CONTRIBUTING, README
from tools.prose.read import ROOT, constant, default, found, lowest_python
from tools.prose.rendered import LIBRARY
from tools.prose.statuses import connection_refused, not_found
from tools.prose.text import in_words, part_in_words

CONF = f"{LIBRARY}/conf.py"


def sentences() -> Iterator[tuple[str, str]]:
    """Yield each file with what it says in numbers."""
    yield README, f"on a machine with Python {lowest_python()} or later"
    yield from _contributing()
    yield from _options()
    yield from _docstrings()


def _contributing() -> Iterator[tuple[str, str]]:
    covered = found("noxfile.py", r'"--include=strawberry_django/\*", "--fail-under=(\d+)"')
    yield CONTRIBUTING, f"{covered} % of its lines and branches"
    share = part_in_words(default("tools/mutate/__main__.py", "--share"))
    yield CONTRIBUTING, f"a {share} of what Cosmic Ray can alter in each module"
    lowest = constant("tools/mutate/library_record.py", "LOWEST") / 10
    yield CONTRIBUTING, f"{in_words(lowest)} in {in_words(10)} must be noticed"
    yield CONTRIBUTING, f"Node.js with npm ({_node()} or later)"
    seconds = in_words(constant("tools/mutate/copies.py", "WAIT_SECONDS"))
    yield CONTRIBUTING, f"their clients wait {seconds} seconds at most"
    lines = constant("tests/test_architecture.py", "LINES")
    yield CONTRIBUTING, f"a file over {lines} lines is two ideas"
    # Measured once, and kept nowhere: it is the share of imports in what the servers do.
    yield CONTRIBUTING, "saves a third of the processor time of the whole"


def _node() -> int:
    """Return the lowest version of Node.js that takes each client that is locked."""
    locked = json.loads((ROOT / "tests/live/clients/package-lock.json").read_text(encoding="utf-8"))
    engines = [one.get("engines", {}).get("node", "") for one in locked["packages"].values()]
    return max(int(least[1]) for one in engines if (least := re.match(r">=(\d+)", one)))


def _options() -> Iterator[tuple[str, str]]:
    """Yield what the options' docstrings say of close codes."""
    from strawberry_django.realtime.protocol import CloseCode

    late, limit, big = map(
        int, (CloseCode.TIMEOUT, CloseCode.TOO_MANY_REQUESTS, CloseCode.MESSAGE_TOO_BIG)
    )
    yield CONF, f"without `connection_init` before it is closed ({late})"
    yield CONF, f"one user may have open in a process ({limit} beyond)"
    yield CONF, f"one network address may have open in a process ({limit} beyond)"
    yield CONF, f"a socket may send messages, with as many at once ({limit} beyond)"
    yield CONF, f"message that a client may send, in bytes ({big} beyond)"
    yield CONF, f"wait for a client that does not read ({limit} then)"
    yield CONF, f"when more wait: close the socket ({limit}),"
    yield CONF, f"must be answered before the socket is closed ({late})"
    yield CONF, f"may stay open without an operation ({late} then)"
    yield CONF, f"may stay open at all ({late} then)"


def _docstrings() -> Iterator[tuple[str, str]]:
    """Yield what the other docstrings say, and the catalogue of checks."""
    import redis
    from channels_redis.core import RedisChannelLayer

    from strawberry_django.realtime.protocol import SUBSTITUTES, CloseCode

    protocol, catalogue = f"{LIBRARY}/protocol.py", f"{LIBRARY}/checks/catalogue.py"
    for code, other in SUBSTITUTES.items():
        if other is not CloseCode.BAD_MESSAGE:
            yield protocol, f"As {int(code)}, from Daphne, which cannot send that."
    bad = " and ".join(
        str(int(code)) for code, other in SUBSTITUTES.items() if other is CloseCode.BAD_MESSAGE
    )
    yield protocol, f"A message is malformed; from Daphne, also for {bad}."
    wait = RedisChannelLayer().brpop_timeout
    yield catalogue, f"the layer's wait of {wait} s, as redis-py {redis.VERSION[0]} has it."
    yield catalogue, f"Give each host a socket_timeout above {wait} seconds."
    refused = f"close code {int(CloseCode.FORBIDDEN)}, or status {connection_refused()}"
    yield f"{LIBRARY}/consumers/base.py", f"ConnectionRejectionError: to refuse: {refused}."
    ended, normal = int(CloseCode.UNAUTHORIZED), int(CloseCode.NORMAL)
    yield f"{LIBRARY}/revocation.py", f"in every process, with {ended}."
    yield (
        f"{LIBRARY}/routing.py",
        f"what serves every other path; without it they are {not_found()}.",
    )
    yield f"{LIBRARY}/testing/websocket.py", f"the one that the application gave, or {normal}."
