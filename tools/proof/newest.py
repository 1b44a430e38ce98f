"""Newest: run the tests with the newest of everything, pre-releases of what the guide is about too.

The environment is made anew under `.cache/newest`. Nothing is recorded: what fails is to be read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools.proof.records import ROOT
from tools.proof.versions import GROUP, UV

#: Of these, pre-releases too.
EARLY = (
    *("django", "strawberry-graphql", "strawberry-graphql-django", "channels", "channels-redis"),
    *("daphne", "uvicorn", "hypercorn", "asgiref", "websockets", "httpx", "gql"),
)
TESTS = ("tests/unit", "tests/guide", "tests/live")


def main(root: Path = ROOT) -> int:
    """Install the newest of everything, and run the tests."""
    folder = root / ".cache/newest"
    shutil.rmtree(folder, ignore_errors=True)
    python = folder / "bin/python"
    install = [*UV, "pip", "install", "--upgrade", f"--python={python}", str(root)]
    install += [f"--prerelease-package={name}=allow" for name in EARLY]
    install += [*EARLY, f"--group={root / 'pyproject.toml'}:{GROUP}"]
    path = os.pathsep.join([str(python.parent), os.environ["PATH"]])
    env = {**os.environ, "PATH": path, "NEWEST_PACKAGES": str(folder / "npm")}
    for command in (
        [*UV, "venv", "--python", sys.executable, str(folder)],
        install,
        [*UV, "pip", "list", f"--python={python}"],
        [str(python), "-m", "pytest", *TESTS, "-q", "-n", "2", "--dist=loadfile"],
    ):
        print(f"{time.strftime('%H:%M:%S')} {' '.join(command)}", flush=True)
        code = subprocess.run(command, cwd=root, env=env, check=False).returncode
        if code:
            return code
    return 0
