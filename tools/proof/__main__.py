"""Prove what the pages say, beyond what the tests do on every change.

Without a part this follows the built pages as a reader does, and mutates the shown Python lines
that changed since `main`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from tools.harness import live


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(prog="nox -s proof --", description=__doc__)
    parts = made.add_subparsers(dest="part", metavar="PART")
    parts.add_parser("reader", help="follow the built pages with nothing else at hand")
    mutate = parts.add_parser("mutate", help="change each shown line of Python snippets")
    mutate.add_argument(
        "names", nargs="*", metavar="FILE", help="under snippets/; else what changed"
    )
    versions = parts.add_parser("versions", help="run the guide's tests over Pythons and packages")
    versions.add_argument("names", nargs="*", metavar="WORD", help="such as 3.11, 5.2, newest")
    compare = parts.add_parser("compare", help="run the live tests against both routers")
    compare.add_argument(
        "names", nargs="*", metavar="NAME", help="test files; else all, for a record"
    )
    fuzz = parts.add_parser("fuzz", help="send hostile frames and requests to running servers")
    fuzz.add_argument("--full", action="store_true", help="120,000 of them, for a record")
    parts.add_parser("newest", help="run the tests with the newest of everything")
    parts.add_parser("site", help="open each page of the built site in Chromium")
    return made


def run(part: str, names: Sequence[str], *, full: bool) -> int:
    """Run a part; only what it needs is imported."""
    print(f"{time.strftime('%H:%M:%S')} proof: {part}", flush=True)
    match part:
        case "reader":
            from tools.build import main as build
            from tools.reader.__main__ import main as reader

            return build(["--fast"]) or reader([])
        case "mutate":
            from tools.proof import mutate

            return mutate.main(names)
        case "versions":
            from tools.proof import versions

            return versions.main(names)
        case "compare":
            from tools.proof import compare

            return compare.main(names)
        case "fuzz":
            from tools.proof import fuzz

            return fuzz.main(full=full)
        case "newest":
            from tools.proof import newest

            return newest.main()
        case _:
            from tools.build import main as build
            from tools.proof import site

            return build(["--fast"]) or site.main()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    options = parser().parse_args(arguments)
    live.ensure()
    started = time.monotonic()
    parts = [options.part] if options.part else ["reader", "mutate"]
    codes = [
        run(part, getattr(options, "names", ()), full=getattr(options, "full", False))
        for part in parts
    ]
    print(f"{', '.join(parts)}: {time.monotonic() - started:.0f} s", flush=True)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
