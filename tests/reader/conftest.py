"""What a reader has at the start: the built pages, a package index with our wheel, a terminal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools import build_docs
from tools.harness import live
from tools.reader.terminal import Terminal

OpenTerminal = Callable[..., Terminal]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages."""
    folder = tmp_path_factory.mktemp("site")
    build_docs.build(live.ROOT, folder)
    return folder


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheels")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=live.ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def open_terminal(wheels: Path) -> Iterator[OpenTerminal]:
    """Open terminals, each in an empty directory; what runs in them at the end is stopped."""
    opened: list[Terminal] = []

    def open_one(folder: Path, *, hurried: bool = False, **env: str) -> Terminal:
        folder.mkdir(parents=True, exist_ok=True)
        pins = live.ROOT / "constraints.txt"
        terminal = Terminal.open(folder / "home", wheels, pins, hurried=hurried, **env)
        opened.append(terminal)
        return terminal

    yield open_one
    for terminal in opened:
        terminal.stop()
