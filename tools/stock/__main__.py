"""``python -m tools.stock``: measure, and write the record; or only look, at some.

Without a name everything is measured and `record.json` is written, unless a promise of ours does
not hold. With names those are measured, and nothing is written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from tools.harness import live
from tools.harness.servers import SERVERS
from tools.stock.claims import CLAIMS
from tools.stock.page import RECORD
from tools.stock.record import broken, chosen, measure, write
from tools.stock.site import ROUTERS


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.stock", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a claim", choices=[[], *CLAIMS])
    parser.add_argument("--server", action="append", choices=SERVERS, help="only on this one")
    parser.add_argument("--router", action="append", choices=ROUTERS, help="only this one")
    options = parser.parse_args(arguments)
    live.ensure()
    only = bool(options.names or options.server or options.router)
    claims, routers = chosen(options.names), options.router or ROUTERS
    results = measure(claims, options.server or SERVERS, routers, partial(print, flush=True))
    failed = broken(claims, results, routers)
    if not only and not failed:
        write(results)
    print("\n".join(failed) or ("nothing was recorded" if only else f"{RECORD} is written"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
