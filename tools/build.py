"""Build the documentation: check, compare recordings, render, build strictly, check the site.

`python -m tools.build` prints a line and the time for each stage. `--fast` starts no servers and
leaves the recordings out. `serve` rebuilds on each change; `record NAME ...` records again.
A build whose inputs have not changed since the last good one is not repeated.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import distributions
from pathlib import Path

from tools.render import site as built
from tools.render.pages import TARGET, texts
from tools.snippets.check import check

ROOT = Path(__file__).resolve().parents[1]
#: What a site is made of and checked by.
INPUTS = ("docs", "snippets", "strawberry_django", "overrides", "tools", "tests", "mkdocs.yml")
_WARNING = re.compile(r"^(?:WARNING|ERROR|CRITICAL)\b|^Warning:", re.MULTILINE)
_LINK = re.compile(r"Doc file '(?P<page>[^']+)' contains a(?:n \w+)? link '(?P<link>[^']+)'.*")


class StageError(Exception):
    """A stage found something wrong; the message is what to print."""


def digest(root: Path) -> str:
    """Return a hash of all that a site depends on, the installed packages too."""
    made = hashlib.sha256(os.environ.get("SITE_URL", "").encode())
    for name in INPUTS:
        for path in sorted([root / name, *(root / name).rglob("*")]):
            if path.is_file() and "__pycache__" not in path.parts:
                made.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    for one in sorted(f"{each.name} {each.version}" for each in distributions()):
        made.update(one.encode())
    return made.hexdigest()


def sound(root: Path) -> str:
    """Check the pages' includes and the snippets' markers."""
    problems = check(root)
    if problems:
        raise StageError("\n".join(map(str, problems)))
    return f"{sum(1 for _ in (root / 'docs').rglob('*.md'))} pages"


def run(root: Path, *command: str) -> str:
    """Run a Python module; its output is the error if it fails."""
    # The first of these keeps an advertisement of Material's out of the build.
    env = {"NO_MKDOCS_2_WARNING": "1", **os.environ}
    if env.get("REPO_URL"):
        env.setdefault("EDIT_URI", "edit/main/docs/")
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StageError(located(root, done.stdout))
    return done.stdout


def located(root: Path, output: str) -> str:
    """Say at which line of which page MkDocs has found a broken link."""

    def place(found: re.Match[str]) -> str:
        page = f"docs/{found['page']}"
        return f"{page}:{built.line_of(root / page, found['link'])}: {found[0]}"

    return _LINK.sub(place, output)


def compare(root: Path) -> str:
    """Compare what the pages show with what a run gives."""
    lines = run(root, "tools.recorded", "check").strip().splitlines()
    return lines[-1] if lines else "all of them are as recorded"


def render(root: Path) -> str:
    """Write the plain Markdown."""
    run(root, "tools.render.pages", str(root))
    return str(TARGET)


def build(root: Path, engine: str) -> str:
    """Build the site; any warning is an error."""
    options = ["--clean"] if engine == "mkdocs" else []
    output = run(root, engine, "build", "--strict", *options)
    if engine == "mkdocs" and _WARNING.search(output):
        raise StageError(located(root, output))
    texts(root, root / "site", os.environ.get("SITE_URL", ""))
    return f"{sum(1 for _ in (root / 'site').rglob('*.html'))} pages"


def whole(root: Path) -> str:
    """Check the built site."""
    address = os.environ.get("SITE_URL", "")
    problems = list(built.check(root, root / "site", address))
    if problems:
        raise StageError("\n".join(map(str, problems)))
    return "every address leads somewhere, and none to load from another host"


def run_stages(stages: Sequence[tuple[str, Callable[[], str]]]) -> bool:
    """Run stages until one fails; say for each what it found and how long it took."""
    for number, (title, stage) in enumerate(stages, 1):
        print(f"[{number}/{len(stages)}] {title}", flush=True)
        start = time.perf_counter()
        try:
            summary = stage()
        except StageError as error:
            print(f"      FAILED ({time.perf_counter() - start:.1f} s)\n\n{error}".rstrip())
            print(f"\nThe documentation was not built: {title} failed.", flush=True)
            return False
        print(f"      {summary} ({time.perf_counter() - start:.1f} s)", flush=True)
    return True


def serve(root: Path, arguments: Iterable[str]) -> int:
    """Serve the site; render again what changes, which MkDocs then rebuilds."""

    def watch(seen: str) -> None:
        while True:
            time.sleep(1)
            if (now := digest(root)) != seen:
                seen = now
                run_stages([("Checking", lambda: sound(root)), ("Rendering", lambda: render(root))])

    run_stages([("Rendering", lambda: render(root))])
    threading.Thread(target=watch, args=[digest(root)], daemon=True).start()
    # Not strict: a page that is being written has warnings, and they are shown.
    command = [sys.executable, "-m", "mkdocs", "serve", "--no-strict", "--livereload", *arguments]
    process = subprocess.Popen(command, cwd=root, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        process.terminate()


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, serve or record from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.build", description=__doc__)
    parser.add_argument("command", nargs="?", choices=("build", "serve", "record"), default="build")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout")
    parser.add_argument("--fast", action="store_true", help="start no servers")
    parser.add_argument("--engine", choices=("mkdocs", "zensical"), default="mkdocs")
    options, rest = parser.parse_known_args(arguments)
    root = options.root.resolve()
    if options.command == "serve":
        return serve(root, rest)
    if options.command == "record":
        return subprocess.call([sys.executable, "-m", "tools.recorded", "record", *rest], cwd=root)
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    kept = root / "build" / "built"
    key = f"{options.engine} {digest(root)}"
    there = kept.is_file() and (root / "site" / "index.html").is_file()
    said = kept.read_text().splitlines() if there else []
    if key in said if options.fast else f"{key} compared" in said:
        print("Nothing has changed since the last good build: the site in site/ is up to date.")
        return 0
    kept.unlink(missing_ok=True)
    stages: list[tuple[str, Callable[[], str]]] = [
        ("Checking pages and snippets", lambda: sound(root)),
        ("Comparing recordings", lambda: compare(root)),
        ("Rendering", lambda: render(root)),
        (f"Building with {options.engine}", lambda: build(root, options.engine)),
        ("Checking the site", lambda: whole(root)),
    ]
    if not run_stages(stages[:1] + stages[2:] if options.fast else stages):
        return 1
    kept.write_text(key if options.fast else f"{key}\n{key} compared")
    print(f"\nThe site is in {root / 'site'}\nTo read it: nox -s docs -- serve")
    return 0


if __name__ == "__main__":
    sys.exit(main())
