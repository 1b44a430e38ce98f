"""Check the prose: `python -m tools.prose` prints each fault as ``file:line: what; fix``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.harness import live
from tools.prose.check import check

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Check the pages of a checkout from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.prose", description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout")
    root = parser.parse_args(arguments).root.resolve()
    live.ensure()
    problems = check(root)
    print("\n".join(map(str, problems)) if problems else "every number and name is the code's")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
