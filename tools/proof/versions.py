"""Versions: run the guide's tests on each Python and Django, at both ends of the other packages.

A set is a Python, a release of Django, and the lowest or newest versions that `pyproject.toml`
allows of the rest; uv resolves and installs it into an environment of its own under `.cache/`.
`docs/data/versions.json` has a row for each set; sets that did not run keep theirs.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tools.proof import records
from tools.proof.records import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
#: The releases that Django supports, each with the first Python that it takes
#: (https://www.djangoproject.com/download/#supported-versions).
DJANGOS = {"5.2": "3.10", "6.0": "3.12", "6.1": "3.12"}
ENDS = {"lowest": "lowest-direct", "newest": "highest"}
#: What is taken at its lowest or newest; Django is at the newest patch of its release.
VARIED = (
    *("strawberry-graphql", "strawberry-graphql-django", "channels", "channels-redis"),
    *("daphne", "hypercorn", "uvicorn"),
)
TESTS = ("tests/guide", "tests/live/clients")
GROUP = "snippets"
COUNT = re.compile(r"(\d+) (passed|failed|error)")
UV = (sys.executable, "-m", "uv")

Row = dict[str, Any]


class Set(NamedTuple):
    """A set of versions."""

    python: str
    django: str
    end: str


class InstallError(RuntimeError):
    """A set cannot be had; the message says why."""


def main(words: Sequence[str], root: Path = ROOT) -> int:
    """Run the sets that fit the words, or those of this Python, or with "all" every one."""
    results = records.read("versions", root)["results"]["sets"]
    known: dict[Set, Row] = {Set(one["python"], one["django"], one["end"]): one for one in results}
    fine = True
    wheel: Path | None = None
    for each in (chosen_sets := chosen(words)):
        interpreter = find(each.python)
        if interpreter is None:
            print(f"Python {each.python} was not found: {' '.join(each)} does not run")
            continue
        wheel = wheel or build_wheel(root)
        print(f"{time.strftime('%H:%M:%S')} {' '.join(each)}", flush=True)
        known[each] = attempt(each, interpreter, wheel, root)
        fine = fine and known[each]["outcome"] == "passed"
        kept = [known[one] for one in every() if one in known]
        records.write("versions", {"sets": kept}, root=root)
    return 0 if fine and chosen_sets else 1


def every() -> list[Set]:
    """Return all sets."""

    def number(version: str) -> int:
        return int(version.split(".")[1])

    return [
        Set(python, django, end)
        for python in PYTHONS
        for django, first in DJANGOS.items()
        if number(python) >= number(first)
        for end in ENDS
    ]


def chosen(words: Sequence[str]) -> list[Set]:
    """Return the sets that fit the words: words of one kind are alternatives.

    Raises:
        SystemExit: a word is no Python, Django or end.
    """
    kinds = (set(PYTHONS), set(DJANGOS), set(ENDS))
    if unknown := set(words) - set().union(*kinds) - {"all"}:
        known = ", ".join(["all", *PYTHONS, *DJANGOS, *ENDS])
        raise SystemExit(f"{', '.join(unknown)}: expected some of {known}")
    wanted = set(words) or {f"3.{sys.version_info.minor}"}
    return [
        each
        for each in every()
        if all(part in wanted or not wanted & kind for part, kind in zip(each, kinds, strict=True))
    ]


def find(release: str) -> Path | None:
    """Return an interpreter of a release, if this machine has one: uv does not look into pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    path = [os.environ["PATH"], *map(str, pyenv.glob(f"versions/{release}.*/bin"))]
    command = [*UV, "python", "find", "--no-python-downloads", "--system", release]
    env = {**os.environ, "PATH": os.pathsep.join(path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def attempt(each: Set, interpreter: Path, wheel: Path, root: Path) -> Row:
    """Install a set and run the tests in it."""
    row: Row = {**each._asdict(), "date": records.today(), "versions": {}}
    folder = root / ".cache/versions" / "-".join(each)
    try:
        python = install(each, interpreter, wheel, folder, root)
    except InstallError as error:
        print(error)
        return {**row, "outcome": "not installed", "passed": 0, "failed": 0}
    listed = json.loads(_run([*UV, "pip", "list", "--format=json", f"--python={python}"]))
    installed = {one["name"].lower(): one["version"] for one in listed}
    row["versions"] = {name: installed[name] for name in ("django", *VARIED, "redis")}
    command = [str(python), "-m", "pytest", *TESTS, "-q", "--tb=short", "-p", "no:cacheprovider"]
    command += ["-n", "2", "--dist=loadfile", f"--basetemp={folder / 'tests'}"]
    path = os.pathsep.join([str(python.parent), os.environ["PATH"]])
    env = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=root, env={**env, "PATH": path}, stdout=subprocess.PIPE, text=True, check=False
    )
    print(done.stdout, flush=True)
    counts = {what: int(number) for number, what in COUNT.findall(done.stdout)}
    outcome = "passed" if done.returncode == 0 else "failed"
    failed = counts.get("failed", 0) + counts.get("error", 0)
    return {**row, "outcome": outcome, "passed": counts.get("passed", 0), "failed": failed}


def install(each: Set, interpreter: Path, wheel: Path, folder: Path, root: Path) -> Path:
    """Make the environment of a set, and return its Python.

    What only tests need is installed as in `constraints.txt`.

    Raises:
        InstallError: there are no such versions for this Python.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _run([*UV, "venv", "--clear", "--python", interpreter, folder / "venv"])
    python = folder / "venv/bin/python"
    wanted = _write(folder / "wanted.txt", requirements(root))
    django = _write(folder / "django.txt", [f"Django~={each.django}.0"])
    compiled = [*UV, "pip", "compile", "--no-annotate", "--no-header", f"--python={python}"]
    compiled += [f"--resolution={ENDS[each.end]}", f"--constraints={django}", str(wanted)]
    pins = _run(compiled).splitlines()
    taken = {name(pin) for pin in pins}
    locked = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    rest = _write(folder / "rest.txt", (line for line in locked if name(line) not in taken))
    pinned = _write(folder / "pins.txt", pins)
    command = [*UV, "pip", "install", f"--python={python}", f"--requirements={pinned}"]
    command += [f"--constraints={rest}", f"--group={root / 'pyproject.toml'}:{GROUP}", str(wheel)]
    _run(command)
    return python


def requirements(root: Path) -> list[str]:
    """Return what `pyproject.toml` asks for of the packages that are varied."""
    metadata = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    project = metadata["project"]
    lists = [
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *metadata["dependency-groups"].values(),
    ]
    given = {one for each in lists for one in each if isinstance(one, str)}
    return sorted(one for one in given if name(one) in VARIED)


def name(requirement: str) -> str:
    """Return the name in a requirement, in its normal form."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


def build_wheel(root: Path) -> Path:
    """Build the project's wheel, and return it."""
    folder = root / ".cache/versions/dist"
    _run([*UV, "build", "--wheel", "--out-dir", folder, root])
    return max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime)


def _write(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _run(command: Sequence[str | Path]) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise InstallError(done.stderr.strip() or done.stdout.strip())
    return done.stdout
