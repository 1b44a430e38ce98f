"""Ledger: what came of each cell, for each snippet that a page shows, and for which text of it.

A run replaces what is kept of its cell and leaves the other cells alone. A result holds only for
the digest that it was made with (see `tools.shown`). May import the standard library only: the
pages' hooks read the ledger where little is installed.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping
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
    # A skipped test that has opened nothing counts for what the tests of its file use.
    unopened = {
        test.partition("::")[0]
        for test, its in uses.items()
        if its["outcome"] == "skipped" and not its["files"]
    }
    if not run["error"]:
        for file, tests in _tests(uses, shown).items():
            before = ledger["tests"].get(file, {}).items()
            unseen = {test: count for test, count in before if test in unopened}
            ledger["tests"][file] = dict(sorted((unseen | tests).items()))
    ledger["tests"] = {file: tests for file, tests in ledger["tests"].items() if file in shown}
    failed = {name for name, test in uses.items() if test["outcome"] == "failed"}
    outcomes: dict[str, set[str]] = defaultdict(set)
    for test in uses.values():
        for file in test["files"]:
            outcomes[file].add(test["outcome"])
    for file, tests in ledger["tests"].items():
        if run["error"] or failed & set(tests):  # the file of tests itself does not load
            outcomes[file].add("failed")
        if unopened & set(tests):
            outcomes[file].add("skipped")
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
    return next(one for one in ("failed", "skipped", "passed") if one in outcomes)


def outcome(run: Run, target: str, digest: str, tests: Container[str] = ()) -> str:
    """Return what a run says of a snippet as it is shown: "passed", "failed", "skipped".

    It is "changed" where the run saw another text of it, "later" where its file is one of those
    that have tests, though not in this run, and "untested" where no test uses it.
    """
    seen, _, found = run["snippets"].get(target, "").partition(" ")
    if not seen:
        return "later" if target.partition(":")[0] in tests else "untested"
    return found if seen == digest else "changed"


def outcomes(ledger: Ledger, targets: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return for each cell what it says of a block: of all its snippets together.

    Each of ``targets`` is what is included, and the digest of it.
    """
    order = ("changed", "failed", "later", "untested", "skipped", "passed")
    wanted = list(targets)
    return {
        name: min((outcome(run, *one, ledger["tests"]) for one in wanted), key=order.index)
        for name, run in ledger["cells"].items()
    }


def verdicts(ledger: Ledger, targets: Iterable[tuple[str, str]]) -> dict[str, tuple[str, int]]:
    """Return for each cell what it says of all that is shown, and of how many parts.

    It is "failed", or "outdated" where parts changed or were not tested yet, or "skipped", or else
    "verified". Each of ``targets`` is what is included, and the digest of it.
    """
    wanted = set(targets)
    found = {}
    for name, run in ledger["cells"].items():
        counts = Counter(outcome(run, *one) for one in wanted)
        outdated = counts["changed"] + counts["untested"]
        if run["failed"] or run["error"] or counts["failed"]:
            found[name] = ("failed", counts["failed"])
        elif outdated:
            found[name] = ("outdated", outdated)
        elif counts["skipped"]:
            found[name] = ("skipped", counts["skipped"])
        else:
            found[name] = ("verified", counts["passed"])
    return found


def skips(ledger: Ledger, name: str, file: str) -> list[tuple[str, str]]:
    """Return what a cell skipped of the tests in whose files a snippet is used, and why."""
    tests = ledger["tests"].get(file, {})
    told = ledger["cells"][name]["skips"]
    return [(test, why) for test, why in told.items() if test.partition("::")[0] in tests]


def reasons(run: Run, file: str) -> list[tuple[str, str]]:
    """Return the tests that a snippet's file failed in a run, each with its reason."""
    if run["error"]:
        return [("", run["error"].partition("\n")[0])]
    return [(test, one["reason"]) for test, one in run["failures"].items() if file in one["files"]]
