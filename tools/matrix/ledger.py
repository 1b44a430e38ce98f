"""Ledger: what came of each cell, for each snippet that a page shows, and for which text of it.

A run replaces what is kept of its cell and leaves the other cells alone. A result holds only for
the digest that it was made with (see `tools.shown`). May import the standard library only: the
pages' hooks read the ledger where little is installed.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypedDict

PATH = Path(__file__).resolve().parent / "ledger.json"

Uses = Mapping[str, Mapping[str, Any]]


class Failure(TypedDict):
    """A test that failed."""

    reason: str
    files: list[str]


class Run(TypedDict):
    """What came of a cell."""

    date: str
    versions: dict[str, str]
    passed: int
    failed: int
    skipped: int
    seconds: float
    error: str  #: why there are no tests (it cannot be installed, say), or nothing
    failures: dict[str, Failure]
    skips: dict[str, str]
    again: dict[str, str]  #: tests that passed when asked once more, and why they did not before
    snippets: dict[str, str]  #: for each target "digest outcome"


class Ledger(TypedDict):
    """All of it."""

    cells: dict[str, Run]
    tests: dict[str, dict[str, int]]  #: for each snippet's file, how many tests of which files


def empty() -> Ledger:
    """Return a ledger of nothing."""
    return {"cells": {}, "tests": {}}


def read(path: Path = PATH) -> Ledger:
    """Return what is kept; nothing, where there is no file."""
    if not path.is_file():
        return empty()
    kept: Ledger = json.loads(path.read_text(encoding="utf-8"))
    return kept


def write(ledger: Ledger, path: Path = PATH) -> None:
    """Keep a ledger, in an order that does not depend on that of the runs."""
    cells = {name: ledger["cells"][name] for name in sorted(ledger["cells"], key=_by_number)}
    text = json.dumps(
        {"cells": cells, "tests": dict(sorted(ledger["tests"].items()))},
        indent=1,
        ensure_ascii=False,
    )
    path.write_text(text + "\n", encoding="utf-8")


def _by_number(name: str) -> list[tuple[int, ...] | str]:
    python, django, end = name.split(" ")
    return [*(tuple(map(int, one.split("."))) for one in (python, django)), end]


def merge(ledger: Ledger, name: str, run: Run, uses: Uses, digests: Mapping[str, str]) -> None:
    """Put a run of a cell into a ledger: its tests, and what they say of each shown snippet."""
    shown = {target.partition(":")[0] for target in digests}
    if not run["error"]:
        ledger["tests"].update(_tests(uses, shown))
    ledger["tests"] = {file: tests for file, tests in ledger["tests"].items() if file in shown}
    failed = {name for name, test in uses.items() if test["outcome"] == "failed"}
    outcomes: dict[str, set[str]] = defaultdict(set)
    for test in uses.values():
        for file in test["files"]:
            outcomes[file].add(test["outcome"])
    for file, tests in ledger["tests"].items():
        if run["error"] or failed & set(tests):  # the file of tests itself does not load
            outcomes[file].add("failed")
    run["snippets"] = {
        target: f"{digest} {_worst(outcomes[target.partition(':')[0]])}"
        for target, digest in sorted(digests.items())
        if outcomes[target.partition(":")[0]]
    }
    for failure in run["failures"].values():
        failure["files"] = sorted(set(failure["files"]) & shown)
    ledger["cells"][name] = run


def _tests(uses: Uses, shown: set[str]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for name, test in uses.items():
        for file in shown.intersection(test["files"]):
            found[file][name.partition("::")[0]] += 1
    return {file: dict(sorted(tests.items())) for file, tests in found.items()}


def _worst(outcomes: set[str]) -> str:
    return next(one for one in ("failed", "passed", "skipped") if one in outcomes)


def outcome(run: Run, target: str, digest: str) -> str:
    """Return what a run says of a snippet as it is shown: "passed", "failed", "skipped".

    It is "changed" where the run saw another text of it, and "untested" where no test used it.
    """
    seen, _, found = run["snippets"].get(target, "").partition(" ")
    if not seen:
        return "untested"
    return found if seen == digest else "changed"


def outcomes(ledger: Ledger, targets: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return for each cell what it says of a block: of all its snippets together.

    Each of ``targets`` is what is included, and the digest of it.
    """
    order = ("changed", "failed", "untested", "skipped", "passed")
    wanted = list(targets)
    return {
        name: min((outcome(run, *one) for one in wanted), key=order.index)
        for name, run in ledger["cells"].items()
    }


def reasons(run: Run, file: str) -> list[tuple[str, str]]:
    """Return the tests that a snippet's file failed in a run, each with its reason."""
    if run["error"]:
        return [("", run["error"].partition("\n")[0])]
    return [(test, one["reason"]) for test, one in run["failures"].items() if file in one["files"]]
