"""Defenders: the tests that use a snippet, found by running them once as it is.

What is learned is kept in `.cache/mutate/uses.json`, test file by test file, and learned again for
those that have changed, and for those that use a snippet to be mutated when anything else has.
May import tools.mutate.copies and tools.mutate.naming; runs pytest with tools.harness.uses.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.mutate.copies import Copy, MutationError
from tools.mutate.naming import tests_of

CACHE = ".cache/mutate/uses.json"
#: What every test depends on.
_STATE = (
    *("snippets", "strawberry_django", "tests/live/site", "tools/harness", "tools/scenarios"),
    *(f"tests/{folder}conftest.py" for folder in ("", "clients/", "security/", "snippets/")),
)
_OTHER = re.compile(r"(?<=[\[-])(?:daphne|hypercorn)(?=[\]-])")


@dataclass(frozen=True)
class Defender:
    """A test that uses snippets."""

    name: str
    seconds: float

    @property
    def module(self) -> str:
        """The file it stands in."""
        return self.name.partition("::")[0]


class Defenders:
    """The tests of a checkout, and which snippets each uses."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._path = root / CACHE
        text = self._path.read_text(encoding="utf-8") if self._path.exists() else "{}"
        self._known: dict[str, dict[str, Any]] = json.loads(text)
        self._kills: Counter[tuple[str, str]] = Counter()
        self._spent: dict[tuple[str, str], float] = defaultdict(float)

    def learn(self, copy: Copy, files: Collection[str], pages: Collection[str]) -> None:
        """Run the tests of some pages that use the files, or of which nothing is known.

        Raises:
            MutationError: one of them fails though nothing is mutated, or there is none.
        """
        state = digest(path for name in _STATE for path in _files(self.root / name))
        modules = {
            name: digest([path])
            for path in sorted((self.root / "tests").rglob("test_*.py"))
            if (name := path.relative_to(self.root).as_posix()).startswith(tests_of(pages))
        }
        wanted = [name for name, its in modules.items() if self._is_open(name, its, state, files)]
        if wanted:
            print(f"Unmutated, the tests of {len(wanted)} files, to see what they use:", flush=True)
            found = _run(copy, wanted)
            for name in wanted:
                tests = {test: its for test, its in found.items() if test.startswith(f"{name}::")}
                if not tests:
                    raise MutationError(f"{name} has no test that pytest can collect; mend it")
                self._known[name] = {"digest": modules[name], "state": state, "tests": tests}
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(self._known, indent=1) + "\n", encoding="utf-8")
        failed = [
            test
            for name in modules
            for test, its in self._known[name]["tests"].items()
            if its["outcome"] == "failed" and set(files) & set(its["files"])
        ]
        if failed:
            names = "\n  ".join(failed)
            raise MutationError(
                f"These tests fail though nothing is mutated; mend them:\n  {names}"
            )

    def _is_open(self, name: str, its: str, state: str, files: Collection[str]) -> bool:
        known = self._known.get(name)
        if known is None or known["digest"] != its:
            return True
        tests = known["tests"].values()
        uses = any(set(files) & set(test["files"]) for test in tests)
        return uses and (known["state"] != state or any(t["outcome"] == "failed" for t in tests))

    def of(self, file: str, pages: Collection[str]) -> list[Defender]:
        """Return the tests of some pages that use a file, in the order to run them until one fails.

        A module is the earlier, the less time it has needed for each mutant of the file that it has
        found (before the first, what it takes as a whole). Its tests keep the order in which they
        pass unmutated: in another one, a test may fail for what an earlier one leaves behind. Of a
        test that runs on each server, it is the run on one of them.
        """
        used = {
            test: its
            for known in self._known.values()
            for test, its in known["tests"].items()
            if file in its["files"] and its["outcome"] == "passed"
        }
        found = [
            Defender(test, its["seconds"])
            for test, its in used.items()
            if test.startswith(tests_of(pages))
            and (self.root / test.partition("::")[0]).exists()
            and not (_OTHER.search(test) and _OTHER.sub("uvicorn", test) in used)
        ]
        each = {
            module: (cost + self._spent[file, module]) / (1 + self._kills[file, module])
            for module, cost in _costs(found).items()
        }
        return sorted(found, key=lambda one: (each[one.module], one.module))

    def note(self, file: str, tests: Sequence[Defender], killer: str, seconds: float) -> None:
        """Remember which module has found a mutant of a file, and what all up to it took."""
        module = killer.partition("::")[0]
        for earlier, cost in _costs(tests).items():
            if earlier == module:
                break
            self._spent[file, earlier] += cost
            seconds -= cost
        self._spent[file, module] += max(seconds, 0)
        self._kills[file, module] += 1


def _costs(tests: Iterable[Defender]) -> dict[str, float]:
    costs: dict[str, float] = {}
    for one in tests:
        costs[one.module] = costs.get(one.module, 0) + one.seconds
    return costs


def _run(copy: Copy, modules: list[str]) -> dict[str, Any]:
    written = copy.root.parent / "uses.json"
    plugins = ["-p", "tools.harness.uses", f"--uses={written}", "-p", "no:cacheprovider"]
    parallel = ["--numprocesses=2", "--dist=loadfile"] if len(modules) > 1 else []
    subprocess.run(
        [sys.executable, "-m", "pytest", "--live", "-q", *plugins, *parallel, *modules],
        cwd=copy.root,
        env=copy.environment(),
        check=False,
    )
    if not written.exists():
        raise MutationError("pytest did not say which snippets the tests use")
    found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
    return found


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(path.rglob("*"))


def digest(paths: Iterable[Path]) -> str:
    """Return a hash of what files contain."""
    found = hashlib.sha256()
    for path in paths:
        if path.is_file() and "__pycache__" not in path.parts:
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]
