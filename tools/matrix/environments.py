"""Environments: what a cell's tests run in, made by uv.

The versions of a cell are resolved anew each time; what only tests is installed as in
`constraints.txt`. May import `cells`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.matrix.cells import VARIED, Cell

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

GROUP = "snippets"
RESOLUTION = {"lowest": "lowest-direct", "newest": "highest"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class InstallError(RuntimeError):
    """What a cell needs cannot be had; the message says why."""


def normal(requirement: str) -> str:
    """Return the name in a requirement, in its normal form."""
    found = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def requirements(metadata: Mapping[str, Any]) -> list[str]:
    """Return what a `pyproject.toml` asks for of the distributions that are varied.

    Raises:
        InstallError: it does not say from which version on it works with one of them.
    """
    project = metadata["project"]
    lists: list[Iterable[Any]] = [
        project["dependencies"],
        *project.get("optional-dependencies", {}).values(),
        *metadata.get("dependency-groups", {}).values(),
    ]
    given = [one for each in lists for one in each if isinstance(one, str)]
    found = sorted({one for one in given if normal(one) in VARIED})
    for name in VARIED:
        if not any(normal(one) == name and ">=" in one for one in found):
            raise InstallError(f"pyproject.toml has no lower bound for {name}")
    return found


class Environment:
    """The virtual environment of a cell."""

    def __init__(self, root: Path, cell: Cell, folder: Path) -> None:
        self.root = root
        self.cell = cell
        self.folder = folder
        self.python = folder / "venv" / "bin" / "python"
        self.told = folder / "told.txt"  #: the versions that make the cell, as constraints

    def make(self, interpreter: Path, wheel: Path) -> dict[str, str]:
        """Install what the cell says, and return the versions of everything that is there.

        Raises:
            InstallError: there are no such versions for this Python.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        _run([*_uv("venv"), "--clear", "--python", interpreter, self.folder / "venv"])
        pins = self._resolve()
        constraints = self._write("constraints.txt", self._constraints(pins))
        self._write(self.told.name, (pin for pin in pins if normal(pin) in {"django", *VARIED}))
        _run(
            [
                *_uv("pip", "install", "--compile-bytecode"),
                f"--python={self.python}",
                f"--requirements={self._write('pins.txt', pins)}",
                f"--constraints={constraints}",
                f"--group={self.root / 'pyproject.toml'}:{GROUP}",
                wheel,
            ]
        )
        return self.versions()

    def versions(self) -> dict[str, str]:
        """Return the versions of Python and of everything that is installed."""
        listed = json.loads(_run([*_uv("pip", "list"), "--format=json", f"--python={self.python}"]))
        ask = "import platform; print(platform.python_version())"
        python = _run([self.python, "-c", ask]).strip()
        return {**{normal(one["name"]): one["version"] for one in listed}, "python": python}

    def _resolve(self) -> list[str]:
        metadata = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        wanted = self._write("requirements.txt", requirements(metadata))
        django = self._write("django.txt", [f"Django~={self.cell.django}.0"])
        resolved = _run(
            [
                *_uv("pip", "compile"),
                *("--no-annotate", "--no-header"),
                f"--python={self.python}",
                f"--resolution={RESOLUTION[self.cell.end]}",
                f"--constraints={django}",
                wanted,
            ]
        )
        return resolved.split("\n")

    def _constraints(self, pins: Iterable[str]) -> Iterator[str]:
        taken = {normal(pin) for pin in pins}
        for line in (self.root / "constraints.txt").read_text(encoding="utf-8").splitlines():
            if normal(line) not in taken:
                yield line

    def _write(self, name: str, lines: Iterable[str]) -> Path:
        path = self.folder / name
        path.write_text("".join(f"{line}\n" for line in lines if line), encoding="utf-8")
        return path


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the project's wheel into an empty folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()
    _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=root)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _uv(*command: str) -> list[str]:
    return [sys.executable, "-m", "uv", *command, "--quiet", "--no-python-downloads"]


def _run(command: Iterable[str | Path], cwd: Path | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise InstallError(done.stderr.strip() or done.stdout.strip())
    return done.stdout
