"""``python -m benchmarks [NAME …] [--look]``: measure on an idle machine, and write the records.

With ``--look`` each asks a little, and writes nothing: the figures mean nothing.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence

from benchmarks import broadcast, connect, http, publish, servers
from tools.harness import live
from tools.proof import records

BENCHMARKS = {
    module.__name__.rpartition(".")[2]: module
    for module in (broadcast, connect, http, publish, servers)
}
#: What is written down beside what every record has.
VERSIONS = ("orjson", "redis", "websockets", "wsproto")


def say(what: str) -> None:
    """Print what has been done, and when."""
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--look", action="store_true", help="ask a little, and write nothing")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    # What is started inherits it: 5,000 sockets are as many files, at both ends.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    live.ensure()
    for name in options.names or BENCHMARKS:
        say(name)
        module = BENCHMARKS[name]
        found = module.main(options.look, say)
        for rows in found["tables"].values():
            print("\n".join(" | ".join(row) for row in rows), end="\n\n", flush=True)
        picture = module.picture(found) if hasattr(module, "picture") else ""
        if not options.look:
            written = records.write(name, found, VERSIONS)
            if picture:
                written.with_suffix(".svg").write_text(picture, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
