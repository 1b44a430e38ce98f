"""Fuzz running servers: `python -m tools.fuzz [--full] [--server NAME]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tools.fuzz.campaign import fuzz, lay_out
from tools.fuzz.results import RECORD, record
from tools.harness.servers import SERVERS


def main(arguments: list[str] | None = None) -> int:
    """Fuzz each server, and say what was sent and what came of it."""
    parser = argparse.ArgumentParser(prog="nox -s fuzz --", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="100,000 frames and 20,000 requests, and a record"
    )
    parser.add_argument(
        "--server", choices=SERVERS, action="append", help="one server only, with its third of them"
    )
    chosen = parser.parse_args(arguments)
    servers = chosen.server or list(SERVERS)
    frames, asked = (100_000, 20_000) if chosen.full else (3_000, 900)
    results, faults = [], []
    with tempfile.TemporaryDirectory() as folder:
        project = lay_out(Path(folder) / "project")
        for name in servers:
            each, most = -(-frames // len(SERVERS)), -(-asked // len(SERVERS))
            print(f"{name}: {each:,} frames, {most:,} requests", flush=True)
            try:
                results.append(fuzz(project, name, each, most))
            except AssertionError as fault:
                faults.append(f"{name}: {fault}")
    if faults:
        print("\n".join([*faults, "something broke"]))
        return 1
    print("no 5xx, no traceback, no task left, memory back to base")
    if chosen.full:
        print(f"{RECORD} is written" if record(results) else "no record yet of every server")
    return 0


if __name__ == "__main__":
    sys.exit(main())
