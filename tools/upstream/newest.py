"""Newest: what was tried that is not pinned, and what the index has beyond what was tried.

The index is asked by what `nox -s upstream` installs with, so whichever is configured is asked: pip
where it is installed, and else uv. May import tools.matrix.cells and tests/live/clients/node.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distributions, version
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.matrix.cells import DJANGOS, PYTHONS, this_python

COMPATIBILITY = "docs/compatibility.md"
#: What the page says of Django's releases.
RELEASES = "each release that Django supports"
#: A release of Python that any package takes.
ANY_PYTHON = "3.99"

Changes = dict[str, tuple[str, str]]


def versions(constraints: str) -> Changes:
    """Return what is pinned for this Python and what is installed, where they differ."""
    found = {}
    pins = map(Requirement, constraints.splitlines())
    for pin in (pin for pin in pins if pin.marker is None or pin.marker.evaluate()):
        with contextlib.suppress(PackageNotFoundError):
            if not pin.specifier.contains(version(pin.name), prereleases=True):
                found[pin.name] = (str(pin.specifier).removeprefix("=="), version(pin.name))
    return found


def packages(locked: Path | None = None) -> Changes:
    """Return which versions of npm packages are locked and are tried, where they differ.

    They are installed now, if ``NEWEST_PACKAGES`` asks for the newest. Where npm is not there or
    cannot, the tests say so. ``locked`` is the clients' folder, if it is not another.
    """
    from tests.live.clients import node

    locked = locked or node.HERE
    if not os.environ.get(node.NEWEST) or shutil.which("npm") is None:
        return {}
    try:
        folder = node.packages(locked)
    except AssertionError:
        return {}
    lock = json.loads((locked / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    found = {}
    for name in lock[""]["dependencies"]:
        manifest = folder / "node_modules" / name / "package.json"
        pair = lock[f"node_modules/{name}"]["version"], _version_in(manifest)
        if pair[0] != pair[1]:
            found[f"{name} (npm)"] = pair
    return found


def _version_in(manifest: Path) -> str:
    return str(json.loads(manifest.read_text(encoding="utf-8"))["version"])


@dataclass(frozen=True)
class Held:
    """A version that was not tried, though it is the newest.

    Attributes:
        says: the sentence about it.
        counts: whether the day is no good one: the newest is no pre-release, and it is not only
            that this Python is too old for it.
    """

    says: str
    counts: bool


def held(names: Sequence[str]) -> list[Held]:
    """Return what the index has, pre-releases too, that is newer than what is installed."""
    if not names:
        return []
    wanted = [f"{name}>=0.dev0" for name in names]
    here, anywhere = (ask(wanted, any_python=it) for it in (False, True))
    extras = {str(canonicalize_name(one.name)): one.extras for one in map(Requirement, names)}
    return list(held_back(here, anywhere, extras))


def held_back(
    here: Mapping[str, Version],
    anywhere: Mapping[str, Version],
    extras: Mapping[str, set[str]],
) -> Iterator[Held]:
    """Yield what is held back, of what there is for this Python, and for any.

    ``extras`` are those that were asked for of each.
    """
    for name, newest in here.items():
        tried = Version(version(name))
        if newest > tried:
            reason = ", ".join(askers(name, newest, extras)) or "nothing that is installed says why"
            said = f"{name}: {newest} is the newest, tried was {tried} ({reason})"
            yield Held(said, counts=not newest.is_prerelease)
        beyond = anywhere[name]
        if beyond > max(newest, tried):
            said = f"{name}: {beyond} is the newest, tried was {tried} (Python {this_python()} "
            last = this_python() == PYTHONS[-1]
            yield Held(f"{said}is too old for it)", counts=last and not beyond.is_prerelease)


def askers(name: str, newest: Version, extras: Mapping[str, set[str]]) -> list[str]:
    """Return which installed distributions do not take a version of another, and what they take."""
    found = []
    for one in distributions():
        its = canonicalize_name(one.metadata["Name"])
        for requirement in map(Requirement, one.requires or ()):
            wanted, marker = requirement.specifier, requirement.marker
            if canonicalize_name(requirement.name) != name or wanted.contains(newest, True):
                continue
            if not marker or any(
                marker.evaluate({"extra": extra}) for extra in ("", *extras.get(its, ()))
            ):
                found.append(f"{its} asks for `{wanted}`")
    return list(dict.fromkeys(found))


def new_django(root: Path) -> list[str]:
    """Return the line on compatibility that a release of Django makes false, if one does."""
    newest = ask(["Django"], any_python=True)["django"]
    if newest.release[:2] <= max(Version(known).release[:2] for known in DJANGOS):
        return []
    lines = (root / COMPATIBILITY).read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines, 1) if RELEASES in line)
    release = ".".join(map(str, newest.release[:2]))
    known = f"DJANGOS in tools/matrix/cells.py ends with {[*DJANGOS][-1]}"
    return [f"{COMPATIBILITY}:{number}: '{RELEASES}' leaves out Django {release}; {known}"]


def ask(requirements: Sequence[str], *, any_python: bool = False) -> dict[str, Version]:
    """Return the newest version that each requirement takes, whatever the others ask for.

    With ``any_python`` it need not be one for this Python.

    Raises:
        RuntimeError: the index does not tell.
    """
    by = _by_pip if find_spec("pip") else _by_uv
    found = by(requirements, any_python)
    return {canonicalize_name(name): Version(number) for name, number in found.items()}


def _by_pip(requirements: Sequence[str], any_python: bool) -> dict[str, str]:
    options = ["--dry-run", "--no-deps", "--ignore-installed", "--quiet", "--report", "-"]
    options += ["--ignore-requires-python"] if any_python else []
    said = json.loads(_run(["pip", "install", *options, *requirements]))
    found = (one["metadata"] for one in said["install"])
    return {one["name"]: one["version"] for one in found}


def _by_uv(requirements: Sequence[str], any_python: bool) -> dict[str, str]:
    # A pre-release in a requirement lets pip take pre-releases; uv wants to be told.
    early = any(Requirement(one).specifier.prereleases for one in requirements)
    options = ["--no-deps", "--no-header", "--no-annotate", "--quiet", "--python", sys.executable]
    options += ["--python-version", ANY_PYTHON] if any_python else []
    options += ["--prerelease", "allow" if early else "disallow"]
    said = _run(["uv", "pip", "compile", *options, "-"], "\n".join(requirements))
    found = map(Requirement, said.splitlines())
    return {one.name: str(one.specifier).removeprefix("==") for one in found}


def _run(command: Sequence[str], given: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} could not ask the index:\n{done.stderr}")
    return done.stdout
