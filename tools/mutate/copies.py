"""Copies: the checkout again, in a folder where a file may be wrong for a while.

May import tools.mutate.mutants; starts tools.mutate.worker and a fork server.
"""

from __future__ import annotations

import compileall
import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tools.harness import live, patience, prepared
from tools.harness.forks import Forks
from tools.mutate.worker import LIBRARY, RAISED, TIMED_OUT

if TYPE_CHECKING:
    from tools.mutate.mutants import Mutant

BUILT = frozenset({"site", "dist", "build", "htmlcov"})  # by a command, in the checkout's root
#: How long a client waits for an answer.
WAIT_SECONDS = 6
OVER_TIME = "from pytest-timeout"
UNRAISABLE = "PytestUnraisableExceptionWarning"
COMPILED = ("strawberry_django", "tools", "tests")
_POLL_SECONDS = 0.02


class MutationError(RuntimeError):
    """The mutants cannot be tried; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What came of some tests."""

    passed: bool
    failed: str  #: the test that failed, or what else ended the run
    seconds: float
    log: str


def _left_out(root: Path) -> Callable[[str, list[str]], set[str]]:
    ignored = shutil.ignore_patterns(".*", "__pycache__", "node_modules")
    return lambda folder, names: {*ignored(folder, names), *(BUILT if folder == str(root) else ())}


class Copy:
    """A copy of the checkout, and a process that runs its tests.

    Args:
        root: the checkout.
        folder: where the copy and what its processes write are to be.
        library: whether its mutants are of the library, so that only its tests import that.
    """

    def __init__(self, root: Path, folder: Path, *, library: bool = False) -> None:
        self.root = folder / "checkout"
        self._library = library
        self._temporary = folder / "tmp"
        self._temporary.mkdir(parents=True)
        shutil.copytree(root, self.root, ignore=_left_out(root))
        packages = root / ".cache"
        if packages.is_dir():
            (self.root / ".cache").symlink_to(packages)
        for name in COMPILED:
            compileall.compile_dir(self.root / name, quiet=2)
        self._worker: subprocess.Popen[str] | None = None
        startup = self.root / live.STARTUP.relative_to(live.ROOT)
        env = {**self._environment(), "PYTHONPATH": str(startup), "PYTHONUNBUFFERED": "1"}
        self._forks = Forks(self._temporary, root=self.root, env=env)

    def environment(self) -> dict[str, str]:
        """Return the environment of its tests; no bytecode outlives a mutant."""
        return {**self._environment(), live.PYTHON: str(self._forks.command)}

    def _environment(self) -> dict[str, str]:
        env = {
            **os.environ,
            "TMPDIR": str(self._temporary),
            "PYTHONDONTWRITEBYTECODE": "1",
            patience.VARIABLE: str(WAIT_SECONDS),
            prepared.VARIABLE: str(self._temporary / "prepared"),
        }
        return {name: value for name, value in env.items() if name != "DJANGO_SETTINGS_MODULE"}

    @contextlib.contextmanager
    def holding(self, mutant: Mutant) -> Iterator[None]:
        """Have a mutant in the place of its file for the length of the block."""
        path = self.root / ("" if self._library else "snippets") / mutant.file
        before = path.read_bytes()
        path.write_text(mutant.source, encoding="utf-8")
        # Bytecode of as many bytes and the same second would hide it.
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
        try:
            yield
        finally:
            path.write_bytes(before)

    def run(self, tests: Sequence[str], *, each: float, seconds: float) -> Outcome:
        """Run tests until one fails.

        Args:
            tests: their names, in the order in which they are run.
            each: what one may take, in seconds.
            seconds: what they may take together.

        Raises:
            MutationError: they could not be run.
        """
        job = {"tests": list(tests), "each": each, "seconds": seconds}
        answer = self._ask(job)
        code, log = answer["code"], answer["log"]
        self._forks.check()
        if code == pytest.ExitCode.INTERNAL_ERROR and OVER_TIME in log:
            code = TIMED_OUT  # It told of a failure when the time was over.
        if code == RAISED and UNRAISABLE in log:
            code = pytest.ExitCode.TESTS_FAILED  # Pytest raises what it finds after the last test.
        # With a mutant of the library, an application of its settings, pytest may not even start.
        if code not in (TIMED_OUT, 0, 1, 2) and not self._library:
            raise MutationError(f"pytest ended with code {code}:\n{log}")
        failed = answer["failed"] or ("time out" if code == TIMED_OUT else "collection")
        return Outcome(not code, "" if not code else failed, answer["seconds"], log)

    def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        if self._worker is None:
            options = [LIBRARY] if self._library else []
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "tools.mutate.worker", *options],
                cwd=self.root,
                env=self.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._worker.stdin
        assert self._worker.stdout
        print(json.dumps(job), file=self._worker.stdin, flush=True)
        line = self._worker.stdout.readline()
        if not line:
            raise MutationError(f"the worker ended with code {self._worker.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End its processes."""
        if self._worker is not None:
            assert self._worker.stdin
            assert self._worker.stdout
            self._worker.stdin.close()
            self._worker.wait()
            self._worker.stdout.close()
            self._worker = None
        self._forks.close()
