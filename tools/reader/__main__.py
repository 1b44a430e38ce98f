"""Follow the built tutorial and the built integration guide, to a chat and to the shown answers.

``python -m tools.reader [SITE]`` starts each page in an empty directory and a new environment. Its
commands run as shown. By its variables pip is told to take the versions of constraints.txt, and as
the library one wheel (``--wheel``, else it is built); the chat is told where a Redis is.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser

from tools.harness.redis import redis_server
from tools.reader.browser import blocks, chromium, talk
from tools.reader.follow import Reader
from tools.reader.terminal import StuckError, Terminal

ROOT = Path(__file__).resolve().parents[2]
#: Each page, and who talks in the end at which port shown: in one process, and in two.
PAGES: dict[str, list[dict[str, str]]] = {
    "guide/subscriptions": [{"ada": "8000", "grace": "8000"}, {"ada": "8001", "grace": "8002"}],
    "integrations/channels": [],
}


def follow(browser: Browser, site: Path, page: str, folder: Path, **more: str) -> None:
    """Follow a page from an empty directory, in which only an environment is."""
    folder.mkdir(parents=True)
    own = str(Path(sys.executable).parent)
    path = os.pathsep.join(one for one in os.environ["PATH"].split(os.pathsep) if one != own)
    env = {**os.environ, "PATH": path, "PYTHONPATH": "", "PYTHONUNBUFFERED": "1", **more}
    reader = Reader(page, Terminal(folder, env, folder.with_suffix(".state")))
    with contextlib.closing(reader.terminal) as terminal:
        terminal.run(f"{Path(sys.executable).resolve()} -m venv .venv\n. .venv/bin/activate")
        reader.follow(blocks(browser, site / page / "index.html"))
        for people in PAGES[page]:
            with reader.at(f"at its end, where {people} talk in a browser"):
                urls = {name: terminal.server(port).url for name, port in people.items()}
                talk(browser, urls, terminal.passwords)


def main(arguments: Sequence[str] | None = None) -> int:
    """Follow the pages of a built site, and say where they go wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.reader", description=__doc__)
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "site")
    parser.add_argument("--wheel", type=Path)
    parser.add_argument("--page", action="append", choices=list(PAGES))
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, redis_server() as redis, chromium() as browser:
        if given.wheel is None:
            build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", name]
            subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
        (wheel,) = [given.wheel] if given.wheel else Path(name).glob("*.whl")
        ours = Path(name, "ours.txt")
        ours.write_text(f"strawberry-django-channels @ {wheel.resolve().as_uri()}\n")
        more = {"PIP_CONSTRAINT": f"{ROOT / 'constraints.txt'} {ours}", "REDIS_URL": redis.url}
        try:
            for page in given.page or PAGES:
                follow(browser, given.site, page, Path(name, page), **more)
        except StuckError as error:
            raise SystemExit(f"\nThe reader is stuck.\n{error}") from None
    print("The pages lead where they say.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
