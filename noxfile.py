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
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests", "security", "tools", "lint", "types", "docs"]

# uv, unlike pip, leaves compiling to the first processes, or to each where none may write bytecode.
os.environ.setdefault("UV_COMPILE_BYTECODE", "1")

CONSTRAINTS = "constraints.txt"
METADATA = nox.project.load_toml("pyproject.toml")
#: What the pages are about: `upstream` takes it as new as it is, pre-releases too, and of what it
#: needs the newest release.
UPSTREAM = (
    *("Django", "asgiref", "channels", "channels-redis", "redis", "graphql-core"),
    *("strawberry-graphql", "strawberry-graphql-django", "daphne", "hypercorn", "uvicorn"),
    *("django-cors-headers", "gql[httpx,websockets]", "httpx", "websockets"),
)
WHEEL_SOURCES = ["hatch_build.py", "pyproject.toml", "LICENSE", "README.md"]
WHEEL_FOLDERS = ["snippets", "strawberry_django"]
PARALLEL = ["--numprocesses=auto", "--dist=loadfile", "--no-loadscope-reorder"]
# For tests that wait for servers about as long as they work.
CROWDED = [*PARALLEL, f"--numprocesses={2 * (os.cpu_count() or 1)}"]
# A third of the processor time is imports that each server repeats. Not so in CI.
FORKS = [] if os.environ.get("CI") else ["--forks"]
# What has a session of its own; the recordings are compared by `docs`.
APART = ["tests/live", "tests/reader", "tests/tools"]
APART += ["tests/guide/test_recordings.py"]


@nox.session
def docs(session: nox.Session) -> None:
    """Record every snippet, build the site into site/ and check it; `-- serve` serves it."""
    prepare(session, "docs", library=True)
    session.run("python", "-m", "tools.build_docs", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests of the library and of the guide, or what is given: `-- -k origin`."""
    prepare(session, "test", library=True)
    apart = [f"--ignore={one}" for one in APART]
    cover(session, *(session.posargs or [*CROWDED, *FORKS, *apart]))
    if not session.posargs:
        session.run("coverage", "report", "--include=strawberry_django/*", "--fail-under=100")


@nox.session
def security(session: nox.Session) -> None:
    """Attack the router on every server, and ask it with the clients that people use."""
    prepare(session, "test", library=True)
    session.run("pytest", *(session.posargs or ["tests/live", *PARALLEL]))


@nox.session
def tools(session: nox.Session) -> None:
    """Check the checkers: each must find the faults that are planted for it."""
    prepare(session, "mutation", library=True)
    session.run("pytest", *(session.posargs or ["tests/tools", *PARALLEL]))


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style and the formatting with ruff; `-- --fix` mends what it can."""
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
    """Start the guide's finished chat project, with a user, and print its address."""
    prepare(session, "run", library=True)
    session.run("python", "-m", "tools.demo", *session.posargs)


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Run the tests with coverage in every process they start, the snippets' projects included."""
    prepare(session, "test", library=True)
    session.env["COVER_PROCESSES"] = "1"
    cover(
        session, *(session.posargs or [*CROWDED, "--ignore=tests/tools", "--ignore=tests/reader"])
    )
    session.run("coverage", "report", *([] if session.posargs else ["--fail-under=100"]))


@nox.session(default=False)
def reader(session: nox.Session) -> None:
    """Follow the built pages with nothing else at hand, to a chat in a browser."""
    prepare(session, "test", library=True)
    session.run("pytest", *(session.posargs or ["tests/reader", *PARALLEL, "--durations=5"]))


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Throw frames and requests at running servers; `-- --full` throws 120,000 of them."""
    prepare(session, "fuzz", library=True)
    session.run("python", "-m", "tools.fuzz", *session.posargs)


@nox.session(default=False)
def stock(session: nox.Session) -> None:
    """Measure what the stock router and ours do, for `docs/why.md`; `-- NAME` only looks."""
    prepare(session, "run", library=True)
    session.run("python", "-m", "tools.stock", *session.posargs)


@nox.session(default=False)
def threats(session: nox.Session) -> None:
    """Record the attacks on both routers, for the security page's table; `-- FILE` only looks."""
    prepare(session, "test", library=True)
    session.run("python", "-m", "tools.threats", *session.posargs)


@nox.session(default=False)
def benchmarks(session: nox.Session) -> None:
    """Measure what the router and `django_middleware` cost; `-- --look` only looks at the first."""
    prepare(session, "run", library=True)
    session.run("python", "-m", "benchmarks.router_costs", *session.posargs)
    if not session.posargs:
        session.run("python", "-m", "benchmarks.django_middleware")


@nox.session(default=False)
def matrix(session: nox.Session) -> None:
    """Run the snippets over Pythons, Djangos and both ends of the rest; `-- --all`, `-- 3.11`."""
    prepare(session, "matrix")
    folder = Path(session.virtualenv.location, "cells")
    session.run("python", "-m", "tools.matrix", "--folder", str(folder), *session.posargs)


@nox.session(default=False)
def mutate(session: nox.Session) -> None:
    """Delete and alter each line that the pages show, or alter the library: `-- --library`."""
    prepare(session, "mutation", library=True)
    session.run("python", "-m", "tools.mutate", *session.posargs)


@nox.session(default=False, reuse_venv=False)
def upstream(session: nox.Session) -> None:
    """Name the lines that the newest of everything makes false; `-- --full` on each server."""
    prepare(session, "test", library=True)
    # A pre-release in the requirement lets pip take pre-releases of this one; uv wants to be told
    # of which, and its option is sure to be there in the uv of `constraints.txt` only.
    # What these need is upgraded by uv of itself, and by pip only if it is eager.
    if session.venv_backend == "uv":
        allowed = [f"--prerelease-package={name.partition('[')[0]}=allow" for name in UPSTREAM]
        install = ["python", "-m", "uv", "pip", "install", "--upgrade", *allowed, *UPSTREAM]
        session.run_install(*install)
    else:
        early = [f"{name}>=0.dev0" for name in UPSTREAM]
        session.install("--upgrade", "--upgrade-strategy", "eager", *early)
    # Where tests/live/clients installs the newest npm packages, too.
    session.env["NEWEST_PACKAGES"] = str(Path(session.virtualenv.location, "npm").resolve())
    wanted = [f"--newest={name}" for name in UPSTREAM]
    session.run("python", "-m", "tools.upstream", *wanted, *session.posargs)


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


def cover(session: nox.Session, *arguments: str) -> None:
    """Run pytest with coverage, and carry what was measured back to the files of the checkout."""
    folder = Path(session.virtualenv.location, "coverage")
    folder.mkdir(exist_ok=True)
    session.env["COVERAGE_FILE"] = str(folder / "data")
    session.run("coverage", "erase", silent=True)
    with tempfile.TemporaryDirectory() as temporary:
        # Here pytest keeps what it built until it is mapped; elsewhere the next run may remove it.
        session.env["PYTEST_DEBUG_TEMPROOT"] = temporary
        session.run("coverage", "run", "-m", "pytest", *arguments)
        session.run("python", "-m", "tools.harness.coverage_map")


def prepare(session: nox.Session, group: str, *, library: bool = False) -> None:
    """Install a dependency group and, where asked for, the wheel, unless both are there already."""
    requirements = [
        *(METADATA["project"]["dependencies"] if library else ()),
        *nox.project.dependency_groups(METADATA, group, *(["build"] if library else [])),
    ]
    pins = [Path(CONSTRAINTS).read_bytes(), *map(str.encode, requirements)]
    with once(session, f"install what {session.name} needs", pins) as needed:
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
