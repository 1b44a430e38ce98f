"""Trial: the tests of a cell, and what came of them.

They run in the cell's environment, two for each core: they wait for servers about as long as they
work. What failed is asked once more, alone: a busy machine is no incompatibility. May import
`ledger` and `environments`.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.matrix import ledger
from tools.matrix.cells import VARIED
from tools.matrix.environments import Environment, InstallError

#: The tests that run what the pages show; what fails in a fork is asked again without.
TESTS = ("--forks", "tests/guide", "tests/live/clients")
#: What the ledger keeps the versions of; with the Python these are what a mark tells.
TOLD = ("django", *VARIED, "redis")
#: With more failures than this, the reason is not a busy machine.
ASKED_AGAIN = 40
_PERCENT = re.compile(r"\[ *(?P<percent>\d+)%\]$")
#: They speak of the environment around this one.
_HIDDEN = ("PYTHONPATH", "VIRTUAL_ENV")
_RAN = (0, 1, 5)

Uses = dict[str, dict[str, Any]]
Say = Callable[[str], None]


def attempt(
    environment: Environment,
    interpreter: Path,
    wheel: Path,
    tests: Sequence[str] = TESTS,
    say: Say = print,
) -> tuple[ledger.Run, Uses]:
    """Install a cell and run its tests; a cell that cannot be tried is a run with an error."""
    started = time.monotonic()
    versions: dict[str, str] = {}
    uses: Uses = {}
    again: dict[str, str] = {}
    error = ""
    try:
        versions = environment.make(interpreter, wheel)
        say(f"installed in {time.monotonic() - started:.1f} s: {told(versions)}")
        uses, again = _tried(environment, tests, say)
        if changed := set(versions.items()) ^ set(environment.versions().items()):
            names = ", ".join(sorted({name for name, _ in changed}))
            raise TrialError(f"the tests changed what is installed: {names}")
    except (InstallError, TrialError) as problem:
        error = str(problem)
    return run_of(uses, versions, again, time.monotonic() - started, error), uses


class TrialError(RuntimeError):
    """pytest could not run the tests; the message is the end of what it said."""


def told(versions: Mapping[str, str]) -> str:
    """Return the versions of what is varied, as a line."""
    return ", ".join(f"{name} {versions[name]}" for name in TOLD if name in versions)


def run_of(
    uses: Uses, versions: Mapping[str, str], again: dict[str, str], seconds: float, error: str
) -> ledger.Run:
    """Return what the ledger keeps of a run, but for its snippets."""
    failed = {name: test for name, test in sorted(uses.items()) if test["outcome"] == "failed"}
    skipped = {name: test for name, test in sorted(uses.items()) if test["outcome"] == "skipped"}
    return {
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
        "versions": {name: versions[name] for name in ("python", *TOLD) if name in versions},
        "passed": len(uses) - len(failed) - len(skipped),
        "failed": len(failed),
        "skipped": len(skipped),
        "seconds": round(seconds),
        "error": error,
        "failures": {
            name: {"reason": test["reason"], "files": test["files"]}
            for name, test in failed.items()
        },
        "skips": {name: test["reason"] for name, test in skipped.items()},
        "again": again,
        "snippets": {},
    }


def _tried(environment: Environment, tests: Sequence[str], say: Say) -> tuple[Uses, dict[str, str]]:
    parallel = [f"--numprocesses={2 * (os.cpu_count() or 1)}", "--dist=loadfile"]
    parallel += ["--no-loadscope-reorder"]
    uses = _pytest(environment, [*tests, *parallel], "first", say)
    failed = {name: test for name, test in uses.items() if test["outcome"] == "failed"}
    if not 0 < len(failed) <= ASKED_AGAIN:
        return uses, {}
    say(f"{len(failed)} failed and are asked once more")
    second = _pytest(environment, list(failed), "second", say)
    again = {
        name: failed[name]["reason"]
        for name, test in second.items()
        if name in failed and test["outcome"] == "passed"
    }
    for name in set(failed) - set(second):
        if any(other.startswith(f"{name}::") for other in second):  # its file loads now
            again[name] = uses.pop(name)["reason"]
    return uses | second, again


def _pytest(environment: Environment, arguments: Sequence[str], name: str, say: Say) -> Uses:
    path = environment.folder / f"{name}.json"
    path.unlink(missing_ok=True)
    command = [str(environment.python), "-m", "pytest", *arguments, "--quiet", "--tb=short"]
    command += ["--continue-on-collection-errors"]
    command += ["--color=no", "-p", "no:cacheprovider", "-p", "tools.harness.uses"]
    log = environment.folder / f"{name}.log"
    with (
        log.open("w", encoding="utf-8") as written,
        subprocess.Popen(
            [*command, f"--uses={path}", f"--basetemp={environment.folder / 'tests'}"],
            cwd=environment.root,
            env=_environ(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        for line in process.stdout or ():
            written.write(line)
            if found := _PERCENT.search(line):
                say(f"{found['percent']} %")
        code = process.wait()
    if code not in _RAN or not path.is_file():
        last = log.read_text(encoding="utf-8").strip().splitlines()[-10:]
        raise TrialError("\n".join([f"pytest ended with code {code}", *last]))
    uses: Uses = json.loads(path.read_text(encoding="utf-8"))
    return uses


def _environ(environment: Environment) -> dict[str, str]:
    venv = environment.python.parent.parent
    path = os.pathsep.join([str(venv / "bin"), os.environ.get("PATH", "")])
    kept = {name: value for name, value in os.environ.items() if name not in _HIDDEN}
    return {**kept, "PATH": path, "MATRIX_PINS": str(environment.told)}
