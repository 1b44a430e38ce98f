"""Interpreters: the Pythons of this machine.

Asked is this Python, then the PATH, then what pyenv and uv have installed. A name on the PATH
counts only if it starts and is what it says: pyenv puts names there that do not. Standard library
only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

LOOKED = "this Python, the PATH, pyenv and uv"
_SECONDS = 30
_ASK = "import sys; print('%d.%d' % sys.version_info[:2], sys.version_info[3])"


def find(release: str, env: Mapping[str, str] | None = None) -> Path | None:
    """Return an interpreter of a release such as "3.11", or None."""
    env = os.environ if env is None else env
    return next((path for path in _candidates(release, env) if _is(path, release)), None)


def _candidates(release: str, env: Mapping[str, str]) -> Iterator[Path]:
    name = f"python{release}"
    yield Path(sys.base_prefix, "bin", name)
    for place in env.get("PATH", "").split(os.pathsep):
        found = shutil.which(name, path=place) if place else None
        if found:
            yield Path(found)
    versions = Path(env.get("PYENV_ROOT") or Path(env.get("HOME", "/"), ".pyenv"), "versions")
    for folder in sorted(versions.glob(f"{release}.*"), key=_patch, reverse=True):
        yield folder / "bin" / name
    uv = shutil.which("uv", path=env.get("PATH", ""))
    if uv:
        command = [uv, "python", "find", "--no-python-downloads", "--managed-python", release]
        yield Path(_output(command) or os.devnull)


def _patch(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in folder.name.split(".") if part.isdigit())


def _is(path: Path, release: str) -> bool:
    return path.is_file() and _output([str(path), "-c", _ASK]) == f"{release} final"


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
