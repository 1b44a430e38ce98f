"""The commands of this project: `nox -l` lists them.

Each runs on this machine's Python in an environment that is kept between runs, with what it needs
installed at the versions of `constraints.txt`. Where the library is needed, its wheel is built and
installed; a wheel or an environment that is still right is left alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests", "security", "lint", "types", "docs"]

# uv, unlike pip, leaves compiling to the first processes, or to each where none may write bytecode.
os.environ.setdefault("UV_COMPILE_BYTECODE", "1")

CONSTRAINTS = "constraints.txt"
METADATA = nox.project.load_toml("pyproject.toml")
WHEEL_SOURCES = ["hatch_build.py", "pyproject.toml", "LICENSE", "README.md"]
WHEEL_FOLDERS = ["snippets", "strawberry_django"]
#: Tests wait for servers about as long as they work. The files that are given first start first.
PARALLEL = [
    f"--numprocesses={2 * (os.cpu_count() or 1)}",
    "--dist=loadfile",
    "--no-loadscope-reorder",
]


@nox.session
def docs(session: nox.Session) -> None:
    """Record every snippet, build the site into site/ and check it; `-- serve`, `-- --fast`."""
    prepare(session, "test", library=True)
    if "zensical" in session.posargs:
        session.install("-c", CONSTRAINTS, "zensical")
    session.run("python", "-m", "tools.build", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests of the library, the guide and the tools, `-- -k origin`, or `-- coverage`."""
    prepare(session, "proof", library=True)
    everything = ["tests/tools", "tests/guide", "tests/unit", *PARALLEL]
    if session.posargs != ["coverage"]:
        session.run("pytest", *(session.posargs or everything))
        return
    session.env["COVERAGE_FILE"] = str(Path(session.virtualenv.location, "coverage"))
    session.run("coverage", "erase", silent=True)
    session.run("coverage", "run", "-m", "pytest", *everything)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session
def security(session: nox.Session) -> None:
    """Run what takes real servers, load, faults and the clients that people use, or `-- TESTS`."""
    prepare(session, "test", library=True)
    session.run("pytest", *(session.posargs or ["tests/live", *PARALLEL]))


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style and the formatting with ruff; `-- --fix` fixes what it can."""
    prepare(session, "lint")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", *([] if "--fix" in session.posargs else ["--check"]))


@nox.session
def types(session: nox.Session) -> None:
    """Check the types with mypy (strict) and pyright."""
    prepare(session, "types", library=True)
    session.run("mypy")
    session.run("pyright")


@nox.session
def demo(session: nox.Session) -> None:
    """Start the guide's finished chat, with users to log in as, and print its address."""
    prepare(session, "test", library=True)
    session.run("python", "-m", "tools.demo", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure the router beside its peers, into docs/data/; `-- NAME` for one benchmark."""
    prepare(session, "proof", library=True)
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(default=False)
def proof(session: nox.Session) -> None:
    """Run what is too slow for each change; `-- reader`, `mutate FILE`, `versions`, `--help`."""
    prepare(session, "proof", library=True)
    session.run("python", "-m", "tools.proof", *session.posargs)


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Write uv.lock and constraints.txt anew; `-- --upgrade` takes newer versions."""
    session.install("uv")
    session.run("uv", "lock", *session.posargs)
    session.run(
        *("uv", "export", "--frozen", "--all-groups", "--all-extras", "--no-emit-project"),
        *("--no-hashes", "--no-annotate", "--no-header", "--output-file", CONSTRAINTS),
        silent=True,
    )


def prepare(session: nox.Session, group: str, *, library: bool = False) -> None:
    """Install a dependency group and, where asked for, the wheel, unless both are there already."""
    requirements = [
        *(METADATA["project"]["dependencies"] if library else ()),
        *nox.project.dependency_groups(METADATA, group, *(["build"] if library else [])),
    ]
    pins = [Path(CONSTRAINTS).read_bytes(), *map(str.encode, requirements)]
    with once(session, f"install the group {group}", pins) as needed:
        if needed:
            session.install("-c", CONSTRAINTS, *requirements)
    if not library:
        return
    with once(session, "build and install the wheel", _wheel_contents()) as needed:
        if needed:
            folder = Path(session.virtualenv.location, "dist")
            shutil.rmtree(folder, ignore_errors=True)
            build = ("python", "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
            session.run_install(*build, silent=True)
            (wheel,) = folder.glob("*.whl")
            session.install("--no-deps", "--force-reinstall", str(wheel))


@contextlib.contextmanager
def once(session: nox.Session, what: str, contents: Iterable[bytes]) -> Iterator[bool]:
    """Yield whether ``what`` is needed: not where it was done before with the same contents.

    With ``nox -R``, which installs nothing, it is not done, and still needed the next time.
    """
    digest = hashlib.sha256()
    for content in contents:
        digest.update(hashlib.sha256(content).digest())
    stamp = Path(session.virtualenv.location, f"{what.replace(' ', '-')}.sha256")
    if stamp.is_file() and stamp.read_text() == digest.hexdigest():
        yield False
        session.log(f"{what}: nothing changed")
    elif session.run_install("python", "--version", silent=True, log=False) is None:
        yield False
        session.warn(f"{what}: not done, for -R installs nothing")
    else:
        started = time.monotonic()
        stamp.unlink(missing_ok=True)
        yield True
        stamp.write_text(digest.hexdigest())
        session.log(f"{what}: {time.monotonic() - started:.1f} s")


def _wheel_contents() -> Iterable[bytes]:
    paths = [Path(name) for name in WHEEL_SOURCES]
    for folder in WHEEL_FOLDERS:
        paths += sorted(path for path in Path(folder).rglob("*") if path.is_file())
    for path in paths:
        if "__pycache__" not in path.parts:
            yield os.fsencode(path)
            yield path.read_bytes()
