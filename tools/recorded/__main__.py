"""Compare the output that pages show with what the runs print now, or record it anew.

`python -m tools.recorded check [NAME ...]` runs the runs, two at a time, and prints a line for each
and what is stale. Nothing runs if nothing that they depend on has changed since all of them passed.
`python -m tools.recorded record NAME ...` writes. A NAME is a file, a subject or a test.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tools.harness.live import ROOT

RUNS = "tests/guide/test_recorded_*.py"
#: What the output of a run may depend on, besides what is installed.
INPUTS = (
    *("snippets/**/*", "strawberry_django/**/*", "tools/harness/**/*", "tools/recorded/*.py"),
    *("tools/demo.py", "tests/conftest.py", "tests/guide/conftest.py", "tests/guide/support.py"),
    *(RUNS, "constraints.txt", "tests/live/clients/package-lock.json"),
)
PASSED = ROOT / ".cache/recorded"  # the fingerprint with which all runs passed


def fingerprint() -> str:
    """Return a hash of everything that the runs depend on."""
    digest = hashlib.sha256(platform.python_version().encode())
    for path in _inputs():
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"\0{path}\0".encode() + path.read_bytes())
    installed = {f"{one.name}=={one.version}" for one in importlib.metadata.distributions()}
    digest.update("\n".join(sorted(installed)).encode())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    for pattern in INPUTS:
        yield from sorted(ROOT.glob(pattern))
    spec = importlib.util.find_spec("strawberry_django")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for package in ("realtime", "routers"):
            yield from sorted(Path(place, package).rglob("*"))


def run(names: Sequence[str], *options: str) -> int:
    """Run the runs that are named, or all, and return the exit code of pytest."""
    command = [sys.executable, "-m", "pytest", "-p", "tools.recorded.plugin", "-rN", "--no-header"]
    command += ["--verbose", "-p", "no:cacheprovider", *options]
    command += [f"--record-name={name.removeprefix('snippets/').rstrip('/')}" for name in names]
    paths = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob(RUNS))]
    code = subprocess.run([*command, *paths], cwd=ROOT, check=False).returncode
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        print(f"No run is called {' or '.join(names)}: name a test, a subject or a recorded file.")
    return code


def check(names: Sequence[str]) -> int:
    """Compare what is recorded with what the runs print; all of it, if nothing is named."""
    if names:
        return run(names)
    now = fingerprint()
    if PASSED.is_file() and PASSED.read_text(encoding="utf-8") == now:
        print("Recordings: nothing changed since all of them were compared.")
        return 0
    code = run((), "--numprocesses=2", "--dist=loadfile")
    if code == 0:
        PASSED.parent.mkdir(exist_ok=True)
        PASSED.write_text(now, encoding="utf-8")
    return code


def main() -> int:
    """Compare or record from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.recorded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check").add_argument("names", nargs="*", metavar="NAME")
    commands.add_parser("record").add_argument("names", nargs="+", metavar="NAME")
    options = parser.parse_args()
    if options.command == "check":
        return check(options.names)
    return run(options.names, "--record-anew", "--capture=no")


if __name__ == "__main__":
    sys.exit(main())
