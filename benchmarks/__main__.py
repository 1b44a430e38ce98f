"""``python -m benchmarks [NAME …] [--look]``: measure on an idle machine, and write the records.

With ``--look`` each asks a little, and writes nothing: the figures mean nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from benchmarks import django_middleware, router_costs
from tools.harness import live

BENCHMARKS = {"router_costs": router_costs.main, "django_middleware": django_middleware.main}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--look", action="store_true", help="ask a little, and write nothing")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    live.ensure()
    for name in options.names or BENCHMARKS:
        print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)
        BENCHMARKS[name](look=options.look)
    return 0


if __name__ == "__main__":
    sys.exit(main())
