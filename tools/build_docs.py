"""Build the documentation: check, record, build strictly, check what was built.

``python -m tools.build_docs`` says what it does, a line for each stage with its time, and
ends with where the site is. ``serve`` serves it and rebuilds on each change; ``record
[NAME ...]`` re-records what the pages show. May import the other tools.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools import check_site, check_snippets, record
from tools.prose import __main__ as prose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parent.parent
_WARNING = re.compile(r"^(WARNING|ERROR|CRITICAL)\b", re.MULTILINE)


class StageError(Exception):
    """A stage found something wrong; the message is what it printed."""


def _environment() -> dict[str, str]:
    # Material prints an advertisement into the build without the first of these.
    return {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def _mkdocs(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mkdocs", *arguments]


def _captured(run: Callable[[], int]) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = run()
    if code:
        raise StageError(output.getvalue())
    lines = output.getvalue().strip().splitlines()
    return lines[-1] if lines else ""


def snippets_are_whole(root: Path) -> str:
    """Check the pages' includes and the snippets' markers."""
    return _captured(lambda: check_snippets.main(["--root", str(root)]))


def prose_is_true(root: Path) -> str:
    """Hold the numbers and names of the prose against the code."""
    return _captured(lambda: prose.main(["--root", str(root)]))


def recordings_are_fresh(root: Path) -> str:
    """Run the scenarios whose inputs changed and compare with what is kept."""
    try:
        return _captured(lambda: record.record(root, check=True))
    except (LookupError, ValueError) as error:
        raise StageError(str(error)) from error


def build(root: Path, site: Path) -> str:
    """Build the site; any warning is an error."""
    done = subprocess.run(
        _mkdocs("build", "--strict", "--clean", "--site-dir", str(site)),
        cwd=root,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode or _WARNING.search(done.stdout):
        raise StageError(done.stdout)
    return f"{sum(1 for _ in site.rglob('*.html'))} pages"


def site_is_whole(site: Path) -> str:
    """Check the built pages."""
    address = os.environ.get("SITE_URL", "")
    return _captured(lambda: check_site.main([str(site), "--address", address]))


def run_stages(stages: Sequence[tuple[str, Callable[[], str]]]) -> bool:
    """Run stages until one fails; say for each what it found and how long it took."""
    for number, (title, run) in enumerate(stages, 1):
        print(f"[{number}/{len(stages)}] {title}", flush=True)
        start = time.perf_counter()
        try:
            summary = run()
        except StageError as error:
            print(f"      FAILED ({time.perf_counter() - start:.1f} s)\n\n{error}".rstrip())
            print(f"\nThe documentation was not built: {title} failed.", flush=True)
            return False
        print(f"      {summary} ({time.perf_counter() - start:.1f} s)", flush=True)
    return True


def serve(root: Path, arguments: Sequence[str]) -> int:
    """Serve the site, and rebuild it when a page, a snippet or the library changes."""
    # Not strict: a page that is being written has warnings, and they are shown.
    command = _mkdocs("serve", "--no-strict", "--livereload", *arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    process = subprocess.Popen(command, cwd=root, env=_environment())
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        process.terminate()
        process.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, serve or re-record from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.build_docs", description="Build the documentation."
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout")
    parser.add_argument("--site", type=Path, help="where the site goes (default: site/)")
    parser.add_argument("command", nargs="?", choices=("build", "serve", "record"), default="build")
    options, rest = parser.parse_known_args(arguments)
    root = options.root.resolve()
    if options.command == "serve":
        return serve(root, rest)
    if options.command == "record":
        return record.main(["--root", str(root), *rest])
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    site = (options.site or root / "site").resolve()
    built = run_stages(
        [
            ("Checking pages and snippets", lambda: snippets_are_whole(root)),
            ("Holding the prose against the code", lambda: prose_is_true(root)),
            ("Comparing recordings", lambda: recordings_are_fresh(root)),
            ("Building the site", lambda: build(root, site)),
            ("Checking the site", lambda: site_is_whole(site)),
        ]
    )
    if built:
        print(f"\nThe site is in {site}\nTo read it: nox -s docs -- serve")
    return 0 if built else 1


if __name__ == "__main__":
    sys.exit(main())
